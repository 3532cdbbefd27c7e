"""users add | list | disable | enable | password | token …: who may sign in.

Passwords are asked for on the terminal or read from standard input; as an argument, every
user of the machine could read them.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, TypeVar

import typer

from blackbox.clock import real_now
from blackbox.commands.running import database, domain_now
from dashboard.passwords import LONGEST, Passwords, checked
from domain.errors import InputError
from domain.people import Person, Role, checked_name
from storage import people, tokens
from storage.unit import PEOPLE, Connection, Unit, unit_of_work

T = TypeVar("T")

app = typer.Typer(help="用户 · who may sign in.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="To sign in with.")]
FromStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input."),
]
Region = Annotated[
    str | None, typer.Option(help="Of a supervisor: 330000, 330100, 330106.")
]
Enterprise = Annotated[
    str | None, typer.Option(help="Of an enterprise's user: 统一社会信用代码.")
]


@app.command()
def add(
    name: Name,
    *,
    role: Annotated[Role, typer.Option()],
    full_name: Annotated[str, typer.Option(help="As others know this person.")],
    region: Region = None,
    enterprise: Enterprise = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    password_stdin: FromStdin = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Is told, cannot sign in.")
    ] = False,
) -> None:
    """添加用户 · add somebody."""
    checked_name(name)
    password = None if no_password else ask_password(name, from_stdin=password_stdin)

    async def work(unit: Unit) -> None:
        number = enterprise and await people.enterprise(unit.connection, enterprise)
        new = Person(
            id=0,
            name=name,
            full_name=full_name,
            role=role,
            region=region,
            enterprise=number or None,
            language=language,
        )
        hashed = password and await Passwords().hashed(password)
        await people.add(unit, new, password=hashed, by=operator())

    change(work)
    typer.echo(f"已添加 · added: {name}")


@app.command("list")
def listed() -> None:
    """列出用户 · list everybody."""
    for one in look(people.listed):
        place = one.region or (f"#{one.enterprise}" if one.enterprise else "—")
        state = "停用 · disabled" if one.disabled else ""
        typer.echo(
            f"{one.name:20} {one.role:14} {place:8} {one.language}  {one.full_name}  {state}".rstrip()
        )


@app.command()
def disable(name: Name) -> None:
    """停用 · keep somebody out, at once and everywhere."""
    change(lambda unit: people.disable(unit, name, by=operator(), real_now=real_now()))
    typer.echo(f"已停用 · disabled: {name}")


@app.command()
def enable(name: Name) -> None:
    """重新启用 · let somebody in again."""
    change(lambda unit: people.enable(unit, name, by=operator()))
    typer.echo(f"已启用 · enabled: {name}")


@app.command()
def password(name: Name, *, password_stdin: FromStdin = False) -> None:
    """设置密码 · set a password; ends all sessions of that name."""
    look(lambda connection: people.known(connection, name))
    new = ask_password(name, from_stdin=password_stdin)

    async def work(unit: Unit) -> None:
        hashed = await Passwords().hashed(new)
        await people.set_password(unit, name, hashed, by=operator())

    change(work)
    typer.echo(f"密码已设置 · password set: {name}")


@app.command()
def token(
    name: Name,
    *,
    label: Annotated[str, typer.Option(help="What it is for.")],
    days: Annotated[
        int, typer.Option(min=1, max=tokens.LONGEST.days, help="How long it lasts.")
    ] = tokens.USUAL.days,
) -> None:
    """发放令牌 · issue an API token; it is shown this once."""

    async def work(unit: Unit) -> str:
        person = await people.known(unit.connection, name)
        return await tokens.issue(
            unit,
            person,
            label,
            by=operator(),
            real_now=real_now(),
            lifetime=timedelta(days=days),
        )

    typer.echo(change(work))


@app.command("tokens")
def tokens_of(name: Name) -> None:
    """列出令牌 · list somebody's tokens."""

    async def ask(connection: Connection) -> list[tokens.Token]:
        return await tokens.listed(connection, await people.known(connection, name))

    for one in look(ask):
        state = "已吊销 · revoked" if one.revoked_at else f"→ {one.expires_at:%Y-%m-%d}"
        typer.echo(f"{one.id:6}  {one.created_at:%Y-%m-%d} {state}  {one.label}")


@app.command()
def revoke(
    name: Name, number: Annotated[int, typer.Argument(help="Of the token.")]
) -> None:
    """吊销令牌 · revoke a token."""

    async def work(unit: Unit) -> None:
        person = await people.known(unit.connection, name)
        await tokens.revoke(unit, person, number, by=operator(), real_now=real_now())

    change(work)
    typer.echo(f"已吊销 · revoked: {number}")


def change(work: Callable[[Unit], Awaitable[T]]) -> T:
    """Do `work` in a unit of the chain of people."""

    async def unit_of_people() -> T:
        async with (
            database() as connection,
            unit_of_work(
                connection, share=PEOPLE, kind="command", arrived=domain_now()
            ) as unit,
        ):
            return await work(unit)

    return asyncio.run(unit_of_people())


def look(work: Callable[[Connection], Awaitable[T]]) -> T:
    """The answer to a question."""

    async def ask() -> T:
        async with database() as connection:
            return await work(connection)

    return asyncio.run(ask())


def operator() -> str:
    """Who gives the commands of this terminal: the account of this machine."""
    return getpass.getuser()


def ask_password(name: str, *, from_stdin: bool) -> str:
    """A password that `name` can have: typed twice, or a line of standard input."""
    if from_stdin:
        return checked(sys.stdin.readline(LONGEST + 2).rstrip("\r\n"), name)
    if not sys.stdin.isatty():
        raise InputError(
            zh="没有终端可供输入密码；请用 --password-stdin。",
            en="There is no terminal to ask for a password: use --password-stdin.",
        )
    typed = checked(getpass.getpass(f"密码 · password ({name}): "), name)
    if getpass.getpass("再次输入 · once more: ") != typed:
        raise InputError(
            zh="两次输入的密码不同。",
            en="The two passwords differ.",
        )
    return typed
