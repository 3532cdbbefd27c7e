"""contacts, subscriptions, channels: who is told of what, where, and whether it arrives."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from blackbox import logs
from blackbox.clock import real_now
from blackbox.commands.running import database
from blackbox.settings import read
from domain.alerts import Delivery
from domain.errors import InputError
from domain.people import Person
from storage import contacts as contact_table
from storage import people
from storage.unit import PEOPLE, Connection, Unit, unit_of_work

contacts = typer.Typer(
    help="联系方式 · where people are reached.", no_args_is_help=True
)
channels = typer.Typer(
    help="通知渠道 · what notifications leave by.", no_args_is_help=True
)

Name = Annotated[
    str, typer.Argument(metavar="PERSON", help="As `blackbox users list`.")
]
ChannelName = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="As the settings name it.")
]


@contacts.command("set")
def set_contact(name: Name, channel: ChannelName, address: str) -> None:
    """设置联系方式 · reach somebody over a channel at this address."""
    if channel not in read().channels:
        raise InputError(
            f"没有渠道 {channel}，请先在 BLACKBOX_CHANNELS 中设置"
            f" · there is no channel {channel}: set it in BLACKBOX_CHANNELS first"
        )

    async def write(unit: Unit, person: Person) -> None:
        await contact_table.put(unit, person, channel, address, getpass.getuser())

    asyncio.run(change(name, write))


@contacts.command("remove")
def remove_contact(name: Name, channel: ChannelName) -> None:
    """删除联系方式 · reach somebody over a channel no more."""

    async def write(unit: Unit, person: Person) -> None:
        await contact_table.remove(unit, person, channel, getpass.getuser())

    asyncio.run(change(name, write))


@contacts.command("list")
def list_contacts() -> None:
    """列出联系方式 · where people are reached."""

    async def ask() -> list[contact_table.Contact]:
        async with database() as connection:
            return await contact_table.listed(connection)

    for one in asyncio.run(ask()):
        typer.echo(f"{one.person}  {one.channel}  {one.address}")


@channels.command()
def test(
    channel: ChannelName,
    *,
    to: Annotated[str, typer.Option("--to", metavar="PERSON", help="Who is told.")],
) -> None:
    """试发通知 · send one notification now."""
    logs.configure(read().log_format)

    async def send() -> None:
        async with database() as connection:
            delivery = await trial(
                connection, channel, await people.known(connection, to)
            )
        await sent(delivery)

    asyncio.run(send())
    typer.echo(f"已送交渠道 {channel} · channel {channel} has taken it")


async def change(name: str, write: Callable[[Unit, Person], Awaitable[None]]) -> None:
    """Let `write` change what concerns the person called so, in the chain of people."""
    now = read().read_clock().now()
    async with (
        database() as connection,
        unit_of_work(connection, share=PEOPLE, kind="command", arrived=now) as unit,
    ):
        await write(unit, await people.known(connection, name))


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
        address=await contact_table.address(connection, person, channel),
    )


async def sent(delivery: Delivery) -> None:
    """Send over a channel of the settings. Raises InputError or TransportError."""
    import httpx

    from blackbox.app.dispatch import all_channels

    async with httpx.AsyncClient() as client:
        every = await all_channels(read(), client)
        if delivery.channel not in every:
            raise InputError(
                f"没有渠道 {delivery.channel}，只有 · there is no channel"
                f" {delivery.channel}, only: {', '.join(every)}"
            )
        await every[delivery.channel].send(delivery)
