"""contacts, subscriptions, channels: who is told of what, where, and whether it arrives."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from alerting.telling.wishes import wished
from blackbox import logs
from blackbox.app.telling import known_channels
from blackbox.clock import real_now
from blackbox.commands.users import change, look, operator
from blackbox.settings import read
from domain.alerts import Delivery
from domain.errors import InputError
from domain.people import Person
from storage import contacts as reached
from storage import people
from storage import subscriptions as wishes
from storage.unit import Connection, Unit

contacts = typer.Typer(
    help="联系方式 · where people are reached.", no_args_is_help=True
)
subscriptions = typer.Typer(help="订阅 · who is told of what.", no_args_is_help=True)
channels = typer.Typer(
    help="通知渠道 · what notifications leave by.", no_args_is_help=True
)

Name = Annotated[
    str, typer.Argument(metavar="PERSON", help="As in `blackbox users list`.")
]
Channel = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="As the settings name it.")
]


@contacts.command("set")
def set_contact(name: Name, channel: Channel, address: str) -> None:
    """设置联系方式 · reach somebody over a channel at this address."""

    async def work(unit: Unit) -> None:
        person = await people.known(unit.connection, name)
        await reached.put(unit, person, known(channel), address, operator())

    change(work)


@contacts.command("remove")
def remove_contact(name: Name, channel: Channel) -> None:
    """删除联系方式 · reach somebody over a channel no more."""

    async def work(unit: Unit) -> None:
        person = await people.known(unit.connection, name)
        await reached.remove(unit, person, channel, operator())

    change(work)


@contacts.command("list")
def list_contacts() -> None:
    """列出联系方式 · where people are reached."""
    for one in look(reached.listed):
        typer.echo(f"{one.person:20} {one.channel:12} {one.address}")


@subscriptions.command("add")
def subscribe(
    name: Name,
    channel: Channel,
    *,
    region: Annotated[
        str | None, typer.Option(help="330000, 330100, 330106; unset: all they see.")
    ] = None,
    severity: Annotated[
        str, typer.Option(help="At least: minor, major, critical.")
    ] = "minor",
    stage: Annotated[
        list[str] | None, typer.Option(help="storage, transport …; unset: all.")
    ] = None,
    weekdays: Annotated[str, typer.Option(help="1-5, or 6,7; 1 is Monday.")] = "",
    hours: Annotated[
        str, typer.Option(help="08:00-18:00, or 22:00-06:00; +08:00.")
    ] = "",
) -> None:
    """订阅 · tell somebody of what happens, over a channel."""

    async def work(unit: Unit) -> int:
        person = await people.known(unit.connection, name)
        wish = wished(
            person,
            known(channel),
            region=region,
            severity=severity,
            stages=stage or (),
            weekdays=weekdays,
            hours=hours,
        )
        return await wishes.subscribe(unit, person, wish, operator())

    typer.echo(f"已订阅 · subscribed: {change(work)}")


@subscriptions.command("remove")
def unsubscribe(
    number: Annotated[int, typer.Argument(help="As in `blackbox subscriptions list`.")],
) -> None:
    """取消订阅 · tell of it no more."""
    change(lambda unit: wishes.unsubscribe(unit, number, operator()))


@subscriptions.command("list")
def list_subscriptions() -> None:
    """列出订阅 · who is told of what."""

    async def ask(connection: Connection) -> list[str]:
        names = {one.id: one.name for one in await people.listed(connection)}
        return [
            f"{one.id:5}  {names[one.person]:20} {one.channel:12} {said(one)}"
            for one in await wishes.listed(connection)
        ]

    typer.echo("\n".join(look(ask)))


@channels.command()
def test(
    channel: Channel,
    *,
    to: Annotated[str, typer.Option("--to", metavar="PERSON", help="Who is told.")],
) -> None:
    """试发通知 · send one notification now."""
    logs.configure(read().log_format)

    async def ask(connection: Connection) -> Delivery:
        return await trial(connection, channel, await people.known(connection, to))

    asyncio.run(sent(look(ask)))
    typer.echo(f"渠道 {channel} 已接受 · channel {channel} has taken it")


def known(channel: str) -> str:
    """`channel`, if people can be told over it. Raises InputError."""
    names = known_channels(read())
    if channel not in names:
        raise InputError(
            zh=f"没有渠道 {channel!r}：{', '.join(names)}（BLACKBOX_CHANNELS）。",
            en=f"No channel is called {channel!r}; there are {', '.join(names)}.",
        )
    return channel


def said(wish: wishes.Wish) -> str:
    """A subscription, in a line."""
    days = ",".join(map(str, wish.weekdays)) or "1-7"
    start, end = (
        f"{m // 60:02}:{m % 60:02}" for m in (wish.from_minute, wish.to_minute)
    )
    hours = "24 h" if start == end else f"{start}-{end}"
    stages = ",".join(wish.stages) or "all stages"
    severity = wish.severity.name.lower()
    return f"{wish.low:06}-{wish.high:06} ≥ {severity}  {stages}  {days} {hours}"


async def trial(connection: Connection, channel: str, person: Person) -> Delivery:
    """A notification that says that it is a trial."""
    return Delivery(
        alert=0,
        n=0,
        channel=channel,
        recipient=person.name,
        body={
            "event": "trial",
            "severity": "minor",
            "at": real_now().isoformat(),
            "text": {
                "zh": "黑匣子试发通知\n收到本通知，说明该渠道可用，无需处置。",
                "en": "Black box: a trial\nThis channel works; there is nothing to do.",
            },
        },
        language=person.language,
        address=await reached.address(connection, person, channel),
    )


async def sent(delivery: Delivery) -> None:
    """Send over a channel of the settings. Raises InputError or TransportError."""
    import httpx

    from blackbox.app.dispatch import all_channels

    async with httpx.AsyncClient() as client:
        every = await all_channels(read(), client)
        if delivery.channel not in every:
            raise InputError(
                zh=f"没有渠道 {delivery.channel!r}：{', '.join(every)}。",
                en=(
                    f"No channel is called {delivery.channel!r}; there are {', '.join(every)}."
                ),
            )
        await every[delivery.channel].send(delivery)
