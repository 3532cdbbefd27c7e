"""registry apply | show: who may send what."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from blackbox import registering
from blackbox.commands.running import database
from blackbox.settings import read
from domain.errors import InputError
from storage import registry as table

app = typer.Typer(help="登记 · who may send what.", no_args_is_help=True)


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="YAML; see docs/registry.md")],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only check the file.")
    ] = False,
) -> None:
    """校验并应用登记文件 · check a file as a whole and apply it."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            zh=f"无法读取 {file}：{error}", en=f"{file} cannot be read: {error}"
        ) from error
    if check:
        registering.check(text)
        typer.echo("文件正确 · the file is right")
        return

    async def ask() -> list[str]:
        async with database() as connection:
            share = read().share
            outcome = await registering.register(
                connection, share, text, getpass.getuser()
            )
            return outcome["changes"]

    changes = asyncio.run(ask())
    typer.echo("\n".join(changes) if changes else "无变化 · unchanged")


@app.command()
def transfer(
    *,
    site: Annotated[str, typer.Option(help="Key of the site.")],
    of: Annotated[str, typer.Option(help="统一社会信用代码 of its owner.")],
    to: Annotated[str, typer.Option(help="统一社会信用代码 of its new owner.")],
) -> None:
    """场所变更企业 · hand a site over to another enterprise, from now on."""

    async def ask() -> Mapping[str, Any]:
        async with database() as connection:
            body = {"code": of, "site": site, "to": to}
            share, who = read().share, getpass.getuser()
            return await registering.ask(connection, share, "transfer", body, who)

    since = asyncio.run(ask())["since"]
    typer.echo(
        f"{site} 自 {since} 起属于 {to}；设备主题须改用新企业代码 · is of {to} from {since} on;"
        " its devices send under the new code from now on"
    )


@app.command()
def show() -> None:
    """显示已登记的测点 · show what is registered."""

    async def ask() -> list[table.Line]:
        async with database() as connection:
            return await table.show(connection)

    for line in asyncio.run(ask()):
        typer.echo(
            f"{line.enterprise}  {line.device}/{line.point:<12} #{line.id:<6}"
            f" {line.name_zh} · {line.name_en}  {line.quantity} {line.unit}"
            f"  {line.zone or '—'}  {line.interval or '—'}  {', '.join(line.rules) or '—'}"
        )
