"""maintenance add | list: windows in which points are judged, but alert nobody."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from blackbox import registering
from blackbox.commands.running import database, moment
from blackbox.settings import read
from storage import maintenance as table

app = typer.Typer(help="维护窗口 · maintenance windows.", no_args_is_help=True)


@app.command()
def add(
    *,
    site: Annotated[str, typer.Option(help="Key of the site.")],
    of: Annotated[str, typer.Option(help="统一社会信用代码 of its owner.")],
    begins: Annotated[str, typer.Option("--from", help="RFC 3339, with an offset.")],
    ends: Annotated[str, typer.Option("--to", help="RFC 3339; at most 30 days later.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    device: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    zone: Annotated[str | None, typer.Option(help="Only points of it.")] = None,
) -> None:
    """新增维护窗口 · let points be in maintenance for a time to come."""
    body = {
        "code": of,
        "site": site,
        "device": device,
        "zone": zone,
        "begins": moment("--from", begins).isoformat(),
        "ends": moment("--to", ends).isoformat(),
        "reason": reason,
    }

    async def ask() -> Mapping[str, Any]:
        async with database() as connection:
            share, who = read().share, getpass.getuser()
            return await registering.ask(connection, share, "maintenance", body, who)

    points = asyncio.run(ask())["points"]
    typer.echo(f"{points} 个测点将处于维护 · points will be in maintenance")


@app.command("list")
def listed(
    *,
    since: Annotated[
        str, typer.Option(help="Only what is not over then.")
    ] = "2000-01-01T00:00Z",
) -> None:
    """列出维护窗口 · windows by when they begin."""

    async def ask() -> list[table.Line]:
        async with database() as connection:
            return await table.listed(connection, moment("--since", since))

    for line in asyncio.run(ask()):
        where = f"{line.site}/{line.device or '*'}/{line.zone or '*'}"
        typer.echo(
            f"{line.begins.isoformat()}  {line.ends.isoformat()}  {line.enterprise}"
            f"  {where}  {line.actor}  {line.reason}"
        )
