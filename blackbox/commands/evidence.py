"""status and verify: does it live, does it add up, does the chain hold."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Any

import typer

from blackbox.clock import real_now
from blackbox.commands.running import broker_address, database
from storage import chain
from storage import status as status_table
from storage.server import describe


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
) -> None:
    """运行状况与台账 · signs of life, ledger, what is open and owed."""

    async def ask() -> dict[str, Any]:
        async with database() as connection:
            server = await describe(connection)
            return {
                "database": server.name,
                "broker": broker_address() or "-",
                **await status_table.read(connection, real_now()),
            }

    facts = asyncio.run(ask())
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, default=str))
        return
    shares = facts.pop("shares")
    for name, value in facts.items():
        typer.echo(f"{name:24} {value}")
    for share in shares:
        typer.echo("  ".join(f"{name} {value}" for name, value in share.items()))


def verify() -> None:
    """校验证据链 · walk the chain; names the first thing that does not fit."""

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done}/{total}")

    async def walk() -> chain.Verified:
        async with database() as connection:
            return await chain.verify(connection, progress)

    found = asyncio.run(walk())
    for head in found.heads:
        typer.echo(f"{head.share:12} {head.number:>10}  {head.digest.hex()}")
    typer.echo(f"{found.intakes} intakes, {found.rows} rows")
    if found.fault is not None:
        typer.echo(f"不符 · does not fit: {found.fault}", err=True)
        raise typer.Exit(1)
    typer.echo("证据链完整 · the chain holds")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(status)
    app.command()(verify)
