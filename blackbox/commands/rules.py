"""rules list | test: what the catalogue holds, and what a rule would have raised."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from typing import Annotated, Any

import typer
import yaml

from alerting.trial import Question
from blackbox.commands.running import database, moment
from blackbox.trial import Answer, ask
from domain.durations import format_duration
from domain.errors import InputError
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
        typer.echo(f"{rule.key}  [{rule.kind}]  {rule.name.zh} · {rule.name.en}")
        for level in rule.levels:
            typer.echo(
                f"    {level.severity.name.lower():9} {level.name:12}"
                f" {' · '.join(dict.fromkeys(level.limit(rule.unit or '')))}"
            )
        typer.echo(f"    依据 · basis: {rule.basis.zh} · {rule.basis.en}")


@app.command("test")
def tried(
    rule: Annotated[str, typer.Argument(help="Key in the catalogue: `rules list`.")],
    since: Annotated[str, typer.Option("--from", help="RFC 3339, with an offset.")],
    until: Annotated[str, typer.Option("--to", help="RFC 3339, with an offset.")],
    *,
    limits: Annotated[
        str | None,
        typer.Option(help="Other limits, as in a registry: '{level: {above: 9}}'."),
    ] = None,
    point: Annotated[str | None, typer.Option(help="device/point; else all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """用历史数据试算规则 · what a rule would have raised on stored readings.

    A rule that is assigned is judged as it is assigned, unless --limits are given; any
    other as if it had been in force at every point that it suits.
    """
    question = Question(
        rule=rule,
        since=moment("--from", since),
        until=moment("--to", until),
        limits=None if limits is None else _limits(limits),
    )

    async def judge() -> Answer:
        async with database() as connection:
            return await ask(connection, question, _progress, point)

    answer = asyncio.run(judge())
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    document = answer.document(question)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    typer.echo("\n".join(_lines(document)))


def _limits(text: str) -> dict[str, Any]:
    try:
        limits = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(zh=f"--limits：{error}", en=f"--limits: {error}") from error
    if not isinstance(limits, dict):
        raise InputError(
            zh="--limits：请写成 '{level: {above: 9}}'。",
            en="--limits: write '{level: {above: 9}}'.",
        )
    return limits


def _progress(done: int, points: int, readings: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done}/{points} points, {readings:,} readings")
        sys.stderr.flush()


def _lines(document: dict[str, Any]) -> list[str]:
    how = "as assigned" if document["as_assigned"] else "as if in force everywhere"
    head = f"{document['rule']} ({how}), {document['readings']:,} readings"
    return [head, _line("all", document)] + [
        _line(name, found) for name, found in document["points"].items()
    ]


def _line(name: str, found: dict[str, Any]) -> str:
    longest = format_duration(timedelta(seconds=round(found["longest_s"])))
    return f"{name:44} {found['count']:6}  {found['per_week']:8.2f} /week  longest {longest}"
