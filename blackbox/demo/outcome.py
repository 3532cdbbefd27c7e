"""How a headless demo ended: counts, expected against raised, and whether all of it fits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.durations import format_duration
from simulators.expectations import Comparison, Raised, RaisedFinding, When

HEAD = ("", "device", "point", "rule", "level", "from", "to")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a headless demo came to."""

    counts: dict[str, Any]
    """As the last line prints them."""
    adds_up: bool
    comparison: Comparison
    start: datetime

    @property
    def good(self) -> bool:
        """Whether the ledger adds up and nothing was missed or unexpected."""
        return (
            self.adds_up
            and not self.comparison.missed
            and not self.comparison.unexpected
        )

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(self.counts, ensure_ascii=False)

    def text(self) -> str:
        """The counts for people, a line each."""
        return "\n".join(f"{name:22} {value}" for name, value in self.counts.items())

    def table(self) -> str:
        """What was expected and not raised, and the other way round."""
        rows = [HEAD]
        rows += [("missed", *expected_row(e)) for e in self.comparison.missed]
        rows += [
            ("unexpected", *raised_row(r, self.start))
            for r in self.comparison.unexpected
        ]
        return aligned(rows)


def expected_row(expected: When) -> tuple[str, ...]:
    """An expectation, with offsets from the scenario's start."""
    ended = expected.ended
    to = "open" if ended is None else window(*ended)
    return (*columns(expected.names), window(*expected.began), to)


def raised_row(raised: Raised | RaisedFinding, start: datetime) -> tuple[str, ...]:
    """An excursion or finding, with offsets from the scenario's start."""
    *names, began, ended = raised
    to = "open" if ended is None else offset(ended - start)
    return (*columns(names), offset(began - start), to)


def columns(names: Sequence[str]) -> tuple[str, ...]:
    """Device, point, rule and level; a finding has neither point nor level."""
    _, device, *rest = names
    return (device, "", rest[0], "") if len(rest) == 1 else (device, *rest)


def window(first: timedelta, last: timedelta) -> str:
    """One offset, or between which two."""
    return offset(first) if first == last else f"{offset(first)}…{offset(last)}"


def offset(time: timedelta) -> str:
    """An offset as scenarios write it, to the second."""
    return format_duration(timedelta(seconds=round(time.total_seconds())))


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as columns of text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )
