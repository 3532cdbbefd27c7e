"""一码 and 一指数: the safety code of an enterprise and the index of a region. Pure.

In words, with an example worked by hand: docs/safety.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from alerting.safety.facts import Counts, Facts
from alerting.safety.grounds import GROUNDS, Colour, Link, Reason
from domain.text import Text
from storage.safety import Scored

__all__ = [
    "COLOURS", "FORMULA", "Code", "Colour", "Counts", "Enterprise", "Facts", "Index",
    "Link", "Reason", "code", "costs", "index", "listed", "score", "standing",
]  # fmt: skip

FORMULA: Final = "1"
"""Version of grounds, score and index; whatever changes in them makes another."""
COLOURS: Final = {
    Colour.GREY: Text("灰码（未评估）", "grey (not assessed)"),
    Colour.GREEN: Text("绿码", "green"),
    Colour.YELLOW: Text("黄码", "yellow"),
    Colour.RED: Text("红码", "red"),
}
BADNESS: Final = {colour: place for place, colour in enumerate(Colour)}

UNHEARD_AFTER: Final = timedelta(minutes=10)
"""Real time without a sign of life of whoever judges, after which a code stands no more."""
ASSESSED: Final = 0.80
"""Least share of a region's enterprises that must be assessed to state its index."""
BANDS: Final = ((90.0, Colour.GREEN), (75.0, Colour.YELLOW))
"""From which value on the index has which colour; below, it is red."""
HIGH_RISK_WEIGHT: Final = 2
WORST: Final = 5


class Code(NamedTuple):
    """The safety code of an enterprise."""

    colour: Colour
    reasons: tuple[Reason, ...]
    """The deciding one first; none: green."""


def code(facts: Facts) -> Code:
    """The colour, by the first ground that holds, and all that hold as reasons."""
    reasons = tuple(ground.reason(facts) for ground in GROUNDS if ground.holds(facts))
    return Code(reasons[0].colour if reasons else Colour.GREEN, reasons)


def score(facts: Facts) -> float | None:
    """0 (worst) … 100; None: not assessed."""
    if not facts.assessed:
        return None
    left = 100.0
    for cost in costs(facts).values():
        left -= cost
    return left


def costs(facts: Facts) -> dict[str, float]:
    """What each kind of trouble takes off a score of 100.

    What alerts cost is shared out over 20 points each: a large enterprise has more of them.
    """
    n = max(1.0, facts.points / 20)
    opened, overdue = facts.open, facts.overdue
    lasting = 20 * opened.critical + 8 * opened.major + opened.minor
    neglected = 10 * overdue.critical + 5 * (overdue.major + overdue.minor)
    return {
        "open": min(40.0, lasting / n),
        "overdue": min(25.0, neglected / n),
        "completeness": 15 * min(1.0, (1 - facts.completeness) / 0.2),
        "silent": 10 * min(1.0, 2 * facts.silent_share),
        "calibration": 10 * min(1.0, 2 * facts.uncalibrated_share),
    }


def standing(colour: Colour, beat_at: datetime | None, real_now: datetime) -> Colour:
    """The colour to be shown: grey where whoever judges gave no sign of life for 10 min.

    `beat_at` is the last one, in real time; None: there never was one.
    """
    lives = beat_at is not None and real_now - beat_at <= UNHEARD_AFTER
    return colour if lives else Colour.GREY


@dataclass(frozen=True, kw_only=True, slots=True)
class Enterprise:
    """What an index needs to know of one enterprise."""

    id: int
    colour: Colour
    score: float | None
    """None: not assessed."""
    high_risk: bool


def listed(scores: Iterable[Scored], real_now: datetime) -> list[Enterprise]:
    """What an index needs to know, of codes as they are shown at `real_now`."""
    return [
        Enterprise(
            id=one.id,
            colour=standing(Colour(one.code), one.beat_at, real_now),
            score=one.score,
            high_risk=one.high_risk,
        )
        for one in scores
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """The index of a region."""

    value: float | None
    """Weighted mean of the scores of those assessed, 0…100; None: not stated."""
    band: Colour | None
    """Of the value, but never green while one code is red; None: not stated."""
    counts: Mapping[Colour, int]
    """Enterprises by the colour of their codes."""
    assessed: float
    """Share of enterprises that are assessed; of none, 0."""
    worst: tuple[int, ...]
    """Numbers of the five worst of those assessed: by colour, then by score."""
    formula: str = FORMULA


def index(enterprises: Sequence[Enterprise]) -> Index:
    """The index of a region that has these enterprises."""
    judged = [
        (e, e.score)
        for e in enterprises
        if e.colour is not Colour.GREY and e.score is not None
    ]
    counts = Counter(e.colour for e in enterprises)
    share = len(judged) / len(enterprises) if enterprises else 0.0
    value = _mean(judged) if judged and share >= ASSESSED else None
    worst = sorted(judged, key=lambda one: (-BADNESS[one[0].colour], one[1], one[0].id))
    return Index(
        value=value,
        band=None if value is None else _band(value, capped=counts[Colour.RED] > 0),
        counts={colour: counts[colour] for colour in Colour},
        assessed=share,
        worst=tuple(e.id for e, _ in worst[:WORST]),
    )


def _mean(judged: Sequence[tuple[Enterprise, float]]) -> float:
    """The mean of scores, in which high-risk enterprises weigh more."""
    weights = [HIGH_RISK_WEIGHT if e.high_risk else 1 for e, _ in judged]
    weighted = zip(weights, (score for _, score in judged), strict=True)
    return sum(weight * score for weight, score in weighted) / sum(weights)


def _band(value: float, *, capped: bool) -> Colour:
    """The colour of an index; `capped`: some code is red, so it is not green."""
    colour = next((colour for least, colour in BANDS if value >= least), Colour.RED)
    return Colour.YELLOW if capped and colour is Colour.GREEN else colour
