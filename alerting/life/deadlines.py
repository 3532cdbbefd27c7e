"""Deadlines: by when an alert is to be acknowledged, answered and closed. Pure.

They run from when the alert last became unacknowledged. An alert is overdue while one of
its deadlines has passed and what was due is not done; each is told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from domain.alerts import Alert
from domain.rules import Severity

ACKNOWLEDGE: Final = "acknowledge"
ANSWER: Final = "answer"
CLOSE: Final = "close"

LIMITS: Final[Mapping[Severity, Mapping[str, timedelta]]] = {
    Severity.CRITICAL: {
        ACKNOWLEDGE: timedelta(minutes=15),
        ANSWER: timedelta(hours=24),
        CLOSE: timedelta(days=7),
    },
    Severity.MAJOR: {
        ACKNOWLEDGE: timedelta(hours=1),
        ANSWER: timedelta(hours=72),
        CLOSE: timedelta(days=15),
    },
    Severity.MINOR: {
        ACKNOWLEDGE: timedelta(hours=24),
        CLOSE: timedelta(days=30),
    },
}
"""Our defaults; no regulation gives figures."""


def unmet(head: Alert) -> dict[str, datetime]:
    """What is still to be done, each with its deadline. Of what nobody is told, nothing."""
    if head.quiet or not head.live or head.closed_at is not None:
        return {}
    done = {
        ACKNOWLEDGE: head.acknowledged_at is not None,
        ANSWER: head.answered_at is not None or head.enterprise is None,
        CLOSE: False,
    }
    start = head.raised_at or head.opened_at
    limits = LIMITS[head.severity]
    return {name: start + limit for name, limit in limits.items() if not done[name]}


def missed(head: Alert, now: datetime) -> str | None:
    """What should have been done by now and was not told yet: the latest; None: nothing."""
    if head.due_at is None or head.due_at > now:
        return None
    passed = {name: due for name, due in unmet(head).items() if due <= now}
    return max(passed, key=lambda name: passed[name], default=None)


def clocked(head: Alert, told: datetime | None = None) -> Alert:
    """`head` with its next deadline; `told` is the time of one told as missed just now."""
    since = told or head.overdue_since
    dues = sorted(unmet(head).values())
    if since is not None and (not dues or dues[0] > since):
        since = None
    due = next((due for due in dues if since is None or due > since), None)
    return replace(head, due_at=due, overdue_since=since)
