"""simulate run | fault: equipment that behaves like the real thing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer

from blackbox.commands.running import mqtt_url
from blackbox.settings import read
from domain.durations import parse_duration
from domain.errors import InputError, ValueProblem

app = typer.Typer(help="模拟设备 · simulators.", no_args_is_help=True)
MINUTE = timedelta(minutes=1)


@app.command()
def run(
    scenario: Annotated[
        str, typer.Argument(help="demo, short, or a YAML file.")
    ] = "demo",
    *,
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z"], help="Domain time of its beginning."
        ),
    ] = None,
) -> None:
    """播放一个场景 · play a scenario; ends when all of it has its receipt."""
    from simulators.publisher import publish
    from simulators.scenario import find_scenario, load_scenario

    clock = read().read_clock()
    begin = start or clock.now().replace(second=0, microsecond=0) + MINUTE
    statistics = asyncio.run(
        publish(
            load_scenario(find_scenario(scenario)),
            clock=clock,
            mqtt_url=mqtt_url(),
            start=begin,
        )
    )
    typer.echo(json.dumps(asdict(statistics), default=str))


@app.command()
def fault(
    device: Annotated[str, typer.Argument(help="For instance coldroom-1.")],
    kind: Annotated[str, typer.Argument(help="For instance door-open.")],
    duration: Annotated[str, typer.Argument(help="For instance 20m, in domain time.")],
) -> None:
    """注入故障 · inject a fault into the simulators that play now."""
    from simulators.live import inject

    try:
        lasts = parse_duration(duration)
    except ValueProblem as error:
        raise InputError(zh=error.zh, en=error.en) from error
    answer = asyncio.run(inject(mqtt_url(), device, kind, lasts))
    typer.echo(f"{device} {kind}: {answer.begin} – {answer.end}")
