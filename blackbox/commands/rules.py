"""rules list: what the catalogue holds."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from domain.durations import format_duration
from rules import catalogue

app = typer.Typer(help="规则 · rules.", no_args_is_help=True)


@app.callback()
def rules() -> None:
    """规则 · rules."""


@app.command("list")
def listed(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="All of it, as JSON.")
    ] = False,
) -> None:
    """列出现成规则及其依据 · the ready rules, each with its basis."""
    rules = catalogue.load().values()
    if as_json:
        content = [rule.model_dump(mode="json") for rule in rules]
        typer.echo(json.dumps(content, ensure_ascii=False))
        return
    for rule in rules:
        typer.echo(f"{rule.key}  {rule.name.zh} · {rule.name.en}")
        for level in rule.levels:
            typer.echo(
                f"    {level.severity.name.lower():9} {level.name:12}"
                f" {level.limit(rule.unit)}  for {format_duration(level.hold)}"
            )
        typer.echo(f"    依据 · basis: {rule.basis.zh} · {rule.basis.en}")
