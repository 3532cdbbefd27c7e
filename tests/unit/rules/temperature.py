"""A machine's temperature with four labelled failures, and what rules find in it.

Numenta Anomaly Benchmark, `machine_temperature_system_failure`: every 5 minutes for 79 days,
in °F by the look of it. Each label is a window of 47 h; the failure lies in its middle.
It is judged by the engine.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any, NamedTuple

from domain.readings import Slot
from rules.engine import advance
from rules.kinds import parse
from rules.watch import IDLE, Period, Watch

DATA = Path(__file__).parents[4] / "shared" / "data" / "temperature"
SERIES = "machine_temperature_system_failure.csv"
MAX_GAP = timedelta(minutes=15)
WEEK = timedelta(weeks=1)

RULE = {
    "key": "r",
    "quantity": "temperature",
    "unit": "°F",
    "name": {"zh": "规则", "en": "rule"},
    "basis": {"zh": "测试", "en": "a test"},
}
NAMED = {"name": "excursion", "severity": "minor"}
HOUR = timedelta(hours=1)


class Label(NamedTuple):
    """Within which somebody says that a failure is to be found."""

    begin: datetime
    end: datetime

    @property
    def failure(self) -> datetime:
        """The moment itself."""
        return self.begin + (self.end - self.begin) / 2


class Finding(NamedTuple):
    """An excursion, by when one is told of it."""

    opened: datetime
    ended: datetime


@cache
def labels() -> list[Label]:
    """The four windows, by time."""
    windows = json.loads((DATA / "labelled_windows.json").read_text())[SERIES]
    return [
        Label(*(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in window))
        for window in windows
    ]


@cache
def recorded() -> list[Slot]:
    """What was recorded, to a tenth, by time. One hour was written twice: conflicts."""
    known: dict[datetime, set[float]] = {}
    with (DATA / SERIES).open() as file:
        for row in csv.DictReader(file):
            time = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
            known.setdefault(time, set()).add(round(float(row["value"]), 1))
    return [Slot(1, time, tuple(sorted(known[time]))) for time in sorted(known)]


def first_week() -> tuple[float, float]:
    """Mean and standard deviation of the first seven days; the first label comes later."""
    end = recorded()[0].time + WEEK
    assert end < labels()[0].begin
    values = [value for s in recorded() if s.time < end for value in s.values]
    return fmean(values), pstdev(values)


# What rules find


def find(kind: str, words: dict[str, Any]) -> list[Finding]:
    """The excursions of a rule with one level, over all that was recorded."""
    return list(opened(a_watch(kind, words), recorded()))


def a_watch(kind: str, words: dict[str, Any]) -> Watch:
    """A watch with that one level, in force throughout."""
    level = parse({**RULE, "kind": kind, "levels": [NAMED | words]}).levels[0]
    period = Period(
        valid_from=recorded()[0].time, version="v1", level=level, max_gap=MAX_GAP
    )
    return Watch(
        point=1,
        resolution=0.1,
        rule="r",
        kind=kind,
        level="excursion",
        periods=(period,),
    )


def opened(watch: Watch, slots: Sequence[Slot]) -> Iterator[Finding]:
    """Each excursion from the slot at which it was found."""
    state, since = IDLE, slots[0].time
    for slot in slots:
        before = state.open
        state, ended = advance(watch, state, slot)
        yield from (Finding(since, slot.time) for _ in ended)
        if state.open is not None and (before is None or ended):
            since = slot.time
    if state.open is not None:
        yield Finding(since, slots[-1].time)


# What that is worth


class Score(NamedTuple):
    """What a rule's findings are worth."""

    before: tuple[float | None, ...]
    """Of each label, hours from the first finding to the failure; negative: after it;
    None: not found."""
    false_per_week: float
    """Findings that touch no label, per week outside of all."""
    by_chance: float
    """How many labels so many findings, as long as these, would touch if they fell anywhere."""

    @property
    def found(self) -> int:
        """How many labels."""
        return sum(hours is not None for hours in self.before)

    @property
    def short(self) -> str:
        """Found, and false findings per week."""
        return f"{self.found} · {self.false_per_week:.1f}"

    @property
    def row(self) -> str:
        """All of it, as cells of a table."""
        hours = ("–" if h is None else f"{h:.1f}" for h in self.before)
        cells = [
            str(self.found),
            *hours,
            f"{self.false_per_week:.1f}",
            f"{self.by_chance:.1f}",
        ]
        return " | ".join(cells)


def touches(finding: Finding, label: Label) -> bool:
    """Whether it is open at some time of the label."""
    return finding.opened <= label.end and label.begin <= finding.ended


def score(findings: Sequence[Finding]) -> Score:
    """Hold findings against the labels."""
    firsts = (
        next((f.opened for f in findings if touches(f, label)), None)
        for label in labels()
    )
    pairs = zip(firsts, labels(), strict=True)
    before = tuple((label.failure - f) / HOUR if f else None for f, label in pairs)
    false = [f for f in findings if not any(touches(f, label) for label in labels())]
    labelled = [label.end - label.begin for label in labels()]
    whole = recorded()[-1].time - recorded()[0].time
    per_week = len(false) / ((whole - sum(labelled, timedelta())) / WEEK)
    lasting = sum((f.ended - f.opened for f in false), timedelta()) / max(1, len(false))
    each = (1 - math.exp(-per_week * ((one + lasting) / WEEK)) for one in labelled)
    return Score(before, per_week, sum(each))


def scored(kind: str, **words: Any) -> Score:
    """Of a rule with one level."""
    return score(find(kind, words))
