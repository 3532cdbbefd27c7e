"""migrate, ingest, dispatch, dashboard, openapi, demo: what runs.

Each imports what it starts when it starts it: no process waits for another's libraries.
"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from blackbox.commands.running import database, serve
from blackbox.settings import read
from blackbox.signals import run_until_told
from storage.migrate import migrate as bring_up_to_date
from storage.server import describe

HEADLESS, WATCHED = 40.0, 720.0
"""Real seconds that the scenario takes by default."""


def migrate() -> None:
    """建立或升级数据库 · bring the database up to this program's version."""
    settings = read()

    async def apply() -> tuple[list[str], str]:
        applied = await bring_up_to_date(settings.database(), settings.passwords())
        async with database() as connection:
            return applied, (await describe(connection)).name

    applied, server = asyncio.run(apply())
    typer.echo("\n".join(applied) if applied else "已是最新 · up to date")
    typer.echo(server)


def ingest() -> None:
    """接收一个地区的数据 · take in what a region's senders report."""
    from blackbox.app import ingest as composition

    settings = read()
    serve(composition.run(settings), settings)


def dispatch() -> None:
    """发送应发的通知 · send the notifications that are owed."""
    from blackbox.app import dispatch as composition

    settings = read()
    serve(composition.run(settings), settings)


def dashboard(
    *,
    demo: Annotated[
        str | None,
        typer.Option(hidden=True, help="Show the faults of this scenario."),
    ] = None,
) -> None:
    """监管页面 · serve the pages."""
    from blackbox.app import web as composition

    settings = read()
    serve(composition.run(settings, demo=demo), settings)


def openapi() -> None:
    """接口说明 · the HTTP API, described (OpenAPI 3.1)."""
    from dashboard.api.openapi import document
    from dashboard.api.routes import router

    typer.echo(json.dumps(document(router.routes), ensure_ascii=False, indent=1))


def demo(
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="Once, without a page; then compare.")
    ] = False,
    seconds: Annotated[
        float | None,
        typer.Option(min=3, max=86_400, help="Real seconds that the scenario takes."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="End with one line of JSON.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget the data of earlier demos.")
    ] = False,
    scenario: Annotated[
        str, typer.Option(help="demo, short, or a YAML file.")
    ] = "demo",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Of the page; 0: a free one.")
    ] = 0,
) -> None:
    """整个系统加模拟设备 · the whole system with simulators and a page."""
    from blackbox.demo.run import run
    from blackbox.demo.surroundings import Options

    options = Options(
        scenario=scenario,
        seconds=seconds or (HEADLESS if headless else WATCHED),
        headless=headless,
        fresh=fresh,
        port=port,
    )
    outcome = run_until_told(run(read(), options))
    if outcome is None:
        return
    if not outcome.good:
        typer.echo(outcome.table(), err=True)
    typer.echo(outcome.line() if as_json else outcome.text())
    raise typer.Exit(0 if outcome.good else 1)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (migrate, ingest, dispatch, dashboard, openapi, demo):
        app.command()(command)
