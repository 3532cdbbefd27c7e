"""rejected list | readmit: what was refused, and letting it in once its cause is mended."""

from __future__ import annotations

import asyncio
import getpass
import json
from typing import Annotated

import typer

from blackbox import registering
from blackbox.commands.running import database
from blackbox.settings import read
from domain.errors import InputError
from storage import rejected as table

MANY = 1_000_000
"""Refusals among which those that are named are looked for."""

app = typer.Typer(help="被拒收的数据 · what was refused.", no_args_is_help=True)

Reason = Annotated[str | None, typer.Option(help="Only with this reason.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]


@app.command("list")
def listed(*, reason: Reason = None, limit: Limit = 50) -> None:
    """列出被拒收的数据 · the newest refusals first."""

    async def ask() -> list[table.Rejected]:
        async with database() as connection:
            return await table.listed(connection, reason=reason, limit=limit)

    for one in asyncio.run(ask()):
        kept = "raw" if one.raw is not None else "digest only"
        again = f"  → {one.readmitted}" if one.readmitted else ""
        typer.echo(
            f"{one.identity.hex()[:16]}  {one.arrived.isoformat()}  {one.reason}"
            f"  {one.topic}  {one.detail}  ({one.size} B, {kept}){again}"
        )


@app.command()
def readmit(
    identities: Annotated[list[str] | None, typer.Argument(help="As listed.")] = None,
    *,
    reason: Reason = None,
    limit: Limit = 1000,
) -> None:
    """重新接纳 · let refused messages in again, with the time they first arrived at."""
    if not identities and reason is None:
        raise InputError(
            zh="给出编号或 --reason。",
            en="Name some by their ids, or give --reason.",
        )

    async def ask() -> dict[str, int]:
        async with database() as connection:
            found = await table.listed(
                connection, reason=reason, limit=MANY if identities else limit
            )
            chosen = [
                one.identity.hex()
                for one in found
                if not identities or one.identity.hex().startswith(tuple(identities))
            ]
            if not chosen:
                raise InputError(
                    zh="没有符合的记录。",
                    en="No refused message fits.",
                )
            outcome = await registering.ask(
                connection,
                read().share,
                "readmission",
                {"identities": chosen},
                getpass.getuser(),
            )
            return outcome["outcomes"]

    typer.echo(json.dumps(asyncio.run(ask())))
