"""alerts list | show | journal | acknowledge …: alerts and what people do to them, by the API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

import typer

from alerting.telling.texts import shown
from blackbox.api_client import connected

app = typer.Typer(help="告警 · alerts.", no_args_is_help=True)

Alert = Annotated[int, typer.Argument(min=1, help="Number of the alert.")]
As = Annotated[
    str | None, typer.Option("--as", help="A user of the demo that runs here.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Revision = Annotated[
    int | None, typer.Option(min=0, help="Refuse if somebody was faster.")
]
Reason = Annotated[str, typer.Option(help="Why.")]
MaybeReason = Annotated[str | None, typer.Option(help="Why.")]


@app.command("list")
def listed(
    *,
    severity: Annotated[str | None, typer.Option(help="At least.")] = None,
    region: Annotated[str | None, typer.Option(help="Two, four or six digits.")] = None,
    search: Annotated[str | None, typer.Option(help="In names and codes.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only these.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="The past too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most.")] = 50,
    who: As = None,
    as_json: Json = False,
) -> None:
    """列出告警 · the open alerts, the gravest first."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    with connected(who) as client:
        while len(found) < limit:
            page = client.get(
                "/alerts",
                severity=severity,
                region=region,
                q=search,
                overdue=overdue or None,
                open=not everything,
                limit=min(200, limit - len(found)),
                cursor=cursor,
            )
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
    say(found, [line(alert) for alert in found], as_json=as_json)


@app.command()
def show(alert: Alert, *, who: As = None, as_json: Json = False) -> None:
    """查看告警 · one alert, and what may be done to it."""
    with connected(who) as client:
        found = client.get(f"/alerts/{alert}")
    say(found, described(found), as_json=as_json)


@app.command()
def journal(alert: Alert, *, who: As = None, as_json: Json = False) -> None:
    """处理记录 · all that happened to it."""
    with connected(who) as client:
        found = client.get(f"/alerts/{alert}/journal")
    say(found, [told(entry) for entry in found], as_json=as_json)


def plain(
    context: typer.Context,
    alert: Alert,
    *,
    reason: MaybeReason = None,
    revision: Revision = None,
    who: As = None,
    as_json: Json = False,
) -> None:
    """Give the command that was typed, which needs nothing but perhaps a reason."""
    name = str(context.info_name)
    give(alert, name, who, revision, reason=reason, as_json=as_json)


app.command("acknowledge", help="确认 · take care of it.")(plain)


@app.command()
def assign(
    alert: Alert,
    to: Annotated[str, typer.Argument(help="Name of a user.")],
    *,
    reason: MaybeReason = None,
    revision: Revision = None,
    who: As = None,
    as_json: Json = False,
) -> None:
    """转办 · let somebody find the cause and mend it."""
    give(alert, "assign", who, revision, assignee=to, reason=reason, as_json=as_json)


@app.command()
def answer(
    alert: Alert,
    *,
    cause: Annotated[str, typer.Option(help="What it came from.")],
    action: Annotated[str, typer.Option(help="What was done about it.")],
    revision: Revision = None,
    who: As = None,
    as_json: Json = False,
) -> None:
    """答复 · of the enterprise: cause and action."""
    give(alert, "answer", who, revision, cause=cause, action=action, as_json=as_json)


@app.command("send-back")
def send_back(
    alert: Alert,
    *,
    reason: Reason,
    revision: Revision = None,
    who: As = None,
    as_json: Json = False,
) -> None:
    """退回 · the answer does not do."""
    give(alert, "send-back", who, revision, reason=reason, as_json=as_json)


app.command("close", help="关闭 · the answer is verified.")(plain)


@app.command()
def shelve(
    alert: Alert,
    *,
    until: Annotated[str, typer.Option(help="RFC 3339: 2026-11-22T08:00:00+08:00.")],
    reason: Reason,
    revision: Revision = None,
    who: As = None,
    as_json: Json = False,
) -> None:
    """搁置 · put aside until a time."""
    give(alert, "shelve", who, revision, until=until, reason=reason, as_json=as_json)


app.command("unshelve", help="解除搁置 · take it up again.")(plain)


@app.command()
def comment(
    alert: Alert,
    text: Annotated[str, typer.Argument()],
    *,
    who: As = None,
    as_json: Json = False,
) -> None:
    """备注 · say something in its journal."""
    give(alert, "comment", who, None, reason=text, as_json=as_json)


def give(
    alert: int,
    name: str,
    who: str | None,
    revision: int | None,
    *,
    as_json: bool,
    **fields: str | None,
) -> None:
    """Give a command, under an id of its own, and say what came of it."""
    asked = {"id": str(uuid4()), "name": name, "revision": revision, **fields}
    with connected(who) as client:
        done = client.post(f"/alerts/{alert}/commands", asked)
    possible = ", ".join(done["possible"]) or "—"
    lines = [f"{alert}  {done['state']}  revision {done['revision']}", f"→ {possible}"]
    say(done, lines, as_json=as_json)


def line(alert: dict[str, Any]) -> str:
    """An alert in one line."""
    where = [alert[name] for name in ("enterprise", "site", "device", "point")]
    named = " · ".join(one["name"]["zh"] for one in where if one) or "黑匣子 · the box"
    late = "  逾期 · overdue" if alert["overdue_since"] else ""
    return (
        f"{alert['id']:>6}  {alert['severity']:8}  {alert['state']:24}"
        f"  {time(alert['opened_at'])}  {alert['rule']['key']}  {named}{late}"
    )


def described(alert: dict[str, Any]) -> list[str]:
    """An alert in some lines."""
    rule = alert["rule"]
    return [
        line(alert),
        f"{rule['name']['zh']} · {rule['name']['en']}",
        f"依据 · basis: {rule['basis']['zh']} · {rule['basis']['en']}",
        *(f"  {one['limit']['zh']} · {one['limit']['en']}" for one in alert["limits"]),
        *(
            f"  {time(one['started'])} – {time(one['ended'])}  {one['level']}  {one['peak']}"
            for one in alert["excursions"]
        ),
        f"电话 · telephone: {alert['telephone'] or '—'}",
        f"revision {alert['revision']}  → {', '.join(alert['possible']) or '—'}",
    ]


def told(entry: dict[str, Any]) -> str:
    """An entry of the journal in one line."""
    reason = f"  {entry['reason']}" if entry["reason"] else ""
    return (
        f"{entry['n']:>4}  {time(entry['at'])}  {entry['actor']}  {entry['event']}"
        f"  {entry['severity']}  {entry['new_state']}{reason}"
    )


def time(text: str | None) -> str:
    """A time in +08:00; None: it goes on."""
    return shown(datetime.fromisoformat(text)) if text else "…"


def say(found: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what was found as JSON, or as `lines`, in which nothing steers the terminal."""
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for text in lines:
        typer.echo(
            "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
        )
