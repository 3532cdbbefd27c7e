"""Hypothesis: for each kind of rule, small worlds where trouble lives.

Times on a grid of minutes, values at the limits ± a resolution, slopes at theirs, gaps at
`max_gap` ± one step, windows that just close, bad and missing values, conflicts; a timeline
that changes version, gap and use underneath. What was measured comes in any order, in
parts more than once, in batches, to a box that may be restarted in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeAlias

from hypothesis import strategies as st

from domain.readings import Quality, Reading, Slot
from tests.unit.rules.oracles.plain import Stretch, minutes, plain_period, slots

Words = dict[str, Any]
"""A level, as written in the YAML of a rule."""


class Intake(NamedTuple):
    """What comes at once."""

    readings: tuple[Reading, ...]
    restarted: bool
    """Whether the box has lost all that it had in memory just before."""


class World(NamedTuple):
    """Watches of one point, and all that is ever told of it, in the order of arrival."""

    kind: str
    origin: str
    """Minute 0 of the stretches and readings, as an offset from the start of all series."""
    watches: tuple[tuple[Stretch, ...], ...]
    """Of each watch its stretches: sorted by `since`, no two equal; at least one."""
    intakes: tuple[Intake, ...]

    @property
    def periods(self) -> list[list[SimpleNamespace]]:
        """Of each watch; without the product."""
        return [
            [plain_period(stretch, self.origin) for stretch in watch]
            for watch in self.watches
        ]

    @property
    def slots(self) -> list[Slot]:
        """In the end."""
        return slots(reading for intake in self.intakes for reading in intake.readings)


# Levels


def words(*parts: Words, **choices: Sequence[Any]) -> list[Words]:
    """Each of `parts` with each of the choices for its further fields."""
    named = {"name": ["excursion"], "severity": ["major"], **choices}
    return [
        dict(zip(named, chosen, strict=True)) | part
        for part in parts
        for chosen in product(*named.values())
    ]


LIMITS = [
    {"above": 8.0},
    {"above": 7.9},
    {"below": 7.6},
    {"below": 7.5},
    {"below": 7.4, "above": 8.0},
    {"below": 7.5, "above": 8.1},
    {"above": 7.6},
    {"below": 7.8},
]
PER_HOUR = [
    {"above": 6.0},
    {"above": 3.0},
    {"above": 12.0},
    {"below": -6.0},
    {"below": -3.0, "above": 6.0},
]
TRENDS = [
    {"above": 6.0},
    {"above": 3.0},
    {"below": -3.0},
    {"above": 4.0, "below": -4.0},
    {"above": 2.0, "reaches_above": 8.0, "within": "5m"},
    {"above": 2.0, "below": -3.0, "reaches_above": 8.0, "within": "10m"},
    {"below": -2.0, "reaches_below": 7.5, "within": "30m"},
]
HOLDS = ["0s", "0s", "1m", "2m", "3m", "4m"]
COUNTED = [
    {"within": "2m", "total": "2m"},
    {"within": "3m", "total": "3m"},
    {"within": "4m", "total": "3m"},
    {"within": "4m", "total": "4m"},
    {"within": "10m", "total": "5m"},
    {"since": "day", "total": "3m"},
    {"since": "loaded", "total": "3m"},
]
LEVELS: dict[str, list[Words]] = {
    "threshold": words(
        *LIMITS,
        **{"inclusive": [False, True], "for": HOLDS, "deadband": [0.0, 0.1, 0.2]},
    ),
    "no-value": words({}, **{"for": HOLDS}),
    "rate": words(
        *PER_HOUR,
        **{"inclusive": [False, True], "for": HOLDS[:4], "deadband": [0.0, 1.0, 2.5]},
        over=["1m", "2m", "3m", "5m"],
    ),
    "trend": words(
        *TRENDS,
        **{"for": ["0s", "0s", "1m", "2m"], "deadband": [0.0, 0.0, 0.5]},
        window=["4m", "5m", "6m"],
        readings=[3, 4, 5],
        significance=[0.05, 0.1, 0.2, 0.3, 0.3],
    ),
    "cumulative": words(
        *(limits | counted for limits in LIMITS for counted in COUNTED),
        inclusive=[False, True],
    ),
    "gap": words(
        *({}, {}, {"above": 7.8}, {"below": 7.7}, {"below": 7.4, "above": 8.0}),
        inclusive=[False, True],
        every=["1m", "2m", "3m"],
        tolerance=["0s", "0s", "1m"],
        settle=["0s", "0s", "1m", "4m"],
    ),
}


# Timelines

WATCHES = 4
SETTINGS = st.tuples(
    st.sampled_from([3, 5, 9, 14, 20]),
    st.sampled_from([2, 2, 3, 4, 1]),
    st.sampled_from(["loaded", "loaded", "commissioned", "empty"]),
)
"""Since, max_gap, use."""
FIRST = st.tuples(
    st.sampled_from([0] * 9 + [3]),
    st.sampled_from([2, 2, 3, 4, 1]),
    st.sampled_from(["loaded", "commissioned", "empty"]),
)
REST = st.lists(SETTINGS, max_size=3, unique_by=lambda setting: setting[0])
VERSIONS = st.lists(
    st.sampled_from(["v1"] * 5 + ["v2"] * 5 + ["v0", None]), min_size=4, max_size=4
)
"""In force in each setting; None: no rule; "v0": one that has no such level."""


@st.composite
def watches(draw: st.DrawFn, kind: str) -> tuple[tuple[Stretch, ...], ...]:
    """Of one point with up to four settings; each watch has two versions of its rule."""
    rows = {row[0]: row for row in [*draw(REST), draw(FIRST)]}
    loaded: dict[int, int | None] = {}
    since: int | None = None
    for t, (_, _, use) in sorted(rows.items()):
        since = (t if since is None else since) if use == "loaded" else None
        loaded[t] = since
    made: list[tuple[Stretch, ...]] = []
    for _ in range(WATCHES):
        levels = {name: draw(st.sampled_from(LEVELS[kind])) for name in ("v1", "v2")}
        versions = zip(sorted(rows.items()), draw(VERSIONS), strict=False)
        made.append(
            tuple(
                Stretch(t, v, levels.get(v or ""), gap, use != "empty", loaded[t])
                for (t, (_, gap, use)), v in versions
            )
        )
    return tuple(made)


# What is measured

SENT = ["good"] * 12 + ["uncertain", "bad", "null"]
MIDDLE = 7.8
FROM_MIDDLE = [2, 3, 4, 6]
"""Tenths; the limits above lie at one side of the middle, most of those below at the other."""
NOISE = [0, 0, 0.02, -0.04]
AGAIN = ["other"] * 4 + ["next"] * 4 + ["same", "bad", "null"]


class Shape(NamedTuple):
    """How series look that a kind of rule has something to say of."""

    runs: tuple[int, int] = (5, 12)
    """Least and most of them."""
    readings: Sequence[int] = (1, 1, 2, 3, 4, 6)
    """In a run."""
    drifts: Sequence[int] = (0, 0, 0, 0, 1, -1)
    """Tenths per minute."""
    sent: Sequence[str] = SENT
    steps: Sequence[int] = (1, 1, 1, 2, 2, 3, 4)
    """In minutes, within a run and after it."""
    mirrored: bool = True
    """Whether what else is said of a time lies at the other side of the middle."""
    goes_on: bool = False
    """Whether a run begins where the one before has come to; else mostly at the other side."""


SHAPES = {
    "no-value": Shape(sent=["good", "good", "uncertain", "bad", "null"]),
    "rate": Shape(drifts=(-2, -1, 0, 1, 2), mirrored=False),
    "trend": Shape(
        runs=(3, 8),
        readings=(1, 2, 4, 6, 8),
        drifts=(-1, -1, 1, 1, 1, 2),
        steps=(1, 1, 1, 1, 2, 3),
        mirrored=False,
        goes_on=True,
    ),
}


def a_reading(minute: int, value: float, sent: str, origin: str) -> Reading:
    if sent == "null":
        return Reading(1, minutes(minute, origin), None)
    quality = Quality[sent.upper()]
    return Reading(1, minutes(minute, origin), round(value, 2), quality)


Sample: TypeAlias = tuple[int, float, str]
"""Minute, value, how it was sent."""
Sending: TypeAlias = tuple[int, Sample]
"""When it comes, by minute, and what."""


DELAYS = st.one_of(st.just(0), st.integers(0, 40))


def sendings(shape: Shape) -> st.SearchStrategy[list[Sending]]:
    """By time: runs of one step, drift, quality and delay; some shuffled in themselves."""
    run = st.tuples(
        st.sampled_from(shape.readings),
        st.sampled_from(shape.steps),
        st.sampled_from(FROM_MIDDLE),
        st.sampled_from([-1, -1, -1, 1]),
        st.sampled_from(shape.drifts),
        st.sampled_from(NOISE),
        st.sampled_from(shape.sent),
        DELAYS,
        st.sampled_from([0, 0, 4, 10]),
    )

    def build(runs: list[Any]) -> list[Sending]:
        told, minute, side, value = list[Sending](), 0, 1, MIDDLE - 0.5
        for length, step, tenths, turn, drift, noise, sent, delay, shuffled in runs:
            side *= turn
            value = value if shape.goes_on else MIDDLE + side * tenths / 10
            for i in range(length):
                later = delay + i * shuffled % 11
                told.append((minute + later, (minute, value + noise, sent)))
                minute += step
                value += drift * step / 10
        return told

    least, most = shape.runs
    return st.builds(build, st.lists(run, min_size=least, max_size=most))


def once_more(sample: Sample, how: str, by: int, shape: Shape) -> Sample:
    """At the same time the same again, another value or none; or a minute later."""
    minute, value, _ = sample
    if how in ("bad", "null"):
        return minute, value, how
    if how == "same":
        return minute, value + 0.01, "good"
    value = 2 * MIDDLE - value if shape.mirrored else value
    return minute + (how == "next"), value + by / 10, "good"


@st.composite
def arrivals(draw: st.DrawFn, kind: str) -> list[Sample]:
    """All that is told, in the order in which it comes."""
    shape = SHAPES.get(kind, Shape())
    told = draw(sendings(shape))
    which, by = st.integers(0, len(told) - 1), st.sampled_from([0, 0, -1, 1, -2, 3])
    more = st.tuples(which, st.sampled_from(AGAIN), by, st.integers(0, 40))
    again = draw(st.lists(more, min_size=6, max_size=max(6, len(told) // 2)))
    for i, how, by, delay in again:
        extra = once_more(told[i][1], how, by, shape)
        told.append((extra[0] + delay, extra))
    in_order = [sample for _, sample in sorted(told, key=lambda sending: sending[0])]
    return draw(st.permutations(in_order)) if draw(PERMUTED) else in_order


PERMUTED = st.sampled_from([False, False, False, True])


@st.composite
def worlds(draw: st.DrawFn, kind: str) -> World:
    """Worlds of one kind of rule."""
    origins = ["15h50m", "15h57m"] if kind == "cumulative" else ["0s"]
    origin = draw(st.sampled_from(origins))
    come = [a_reading(*sample, origin) for sample in draw(arrivals(kind))]
    size, restarts = draw(st.integers(1, 5)), draw(st.sets(st.integers(0, 40)))
    intakes = (
        Intake(tuple(come[first : first + size]), first // size in restarts)
        for first in range(0, len(come), size)
    )
    return World(kind, origin, draw(watches(kind)), tuple(intakes))
