"""What the live page shows, read in one snapshot of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, Field

from alerting.life.life_cycle import derived
from dashboard.api.fields import Printable
from dashboard.display import Display
from dashboard.house import House
from dashboard.pages.points.ranges import RANGES, USUAL
from dashboard.parts import limits
from domain.alerts import JournalEntry, State
from domain.people import Person
from domain.readings import decimals
from domain.rules import Severity
from rules.threshold import ThresholdLevel
from storage import alert_cards, alert_details, charts, journal, overview
from storage.alert_cards import AlertLine
from storage.alert_details import Copies, Stretch
from storage.charts import PointName
from storage.overview import Example, PointLine
from storage.unit import Connection

OPEN = 50
"""Open alerts that are shown at most."""
PAST = 10
POINTS = 300
HOURS = (1, 6, 24, 168)
"""Ranges of the chart that have a button."""
PointState: TypeAlias = Literal[
    "excursion", "warning", "pending", "silent", "within", "recorded", "empty", "idle"
]

Points: TypeAlias = tuple[dict[str, int], list[PointLine]]
"""Number of points by state, and those that are shown."""
Blank = BeforeValidator(lambda value: value or None)
"""An empty field of a form is one that was not given."""
Id: TypeAlias = Annotated[int | None, Field(ge=1, lt=2**63), Blank]


class Query(BaseModel):
    """What the address of the page may ask for."""

    alert: Id = None
    """Whose details are open."""
    point: Id = None
    """Whose curve is shown; None: the alert's."""
    hours: Annotated[int | None, Field(ge=1, le=744), Blank] = None
    """Range of the chart."""
    q: Annotated[str, Field(max_length=100), Printable] = ""
    """Searched for in names and keys."""
    state: Annotated[PointState | None, Blank] = None
    """Only points in this state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """An alert as the page shows it."""

    alert: AlertLine
    state: State
    severity: str
    title: str
    basis: str
    since: datetime
    lasted: timedelta
    ended: datetime | None
    peak: str | None
    limit: str | None
    stretches: Sequence[Stretch]

    @property
    def open(self) -> bool:
        """Whether it still asks for something."""
        return not self.alert.withdrawn_at and self.state.work != "closed"

    @property
    def acknowledgeable(self) -> bool:
        """Whether somebody can acknowledge it now."""
        return not self.alert.withdrawn_at and self.state.work == "unacknowledged"


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """All that explains one alert."""

    card: Card
    journal: Sequence[JournalEntry]
    copies: Copies
    limits: Sequence[str]
    """The levels of the rule version, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """The chart that the page asks for."""

    point: PointName
    hours: int
    until: datetime | None
    """None: now."""

    @property
    def series(self) -> str:
        """Address of what is drawn."""
        names = {span: name for name, span in RANGES.items()}
        span = timedelta(hours=self.hours)
        query = {"range": names.get(span, USUAL)}
        if self.until:
            start = self.until - span
            query = {"from": start.isoformat(), "to": self.until.isoformat()}
        return f"/points/{self.point.id}/series?{urlencode(query)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything of the live page."""

    position: int
    open: Sequence[Card]
    past: Sequence[Card]
    details: Details | None
    curve: Curve | None
    counts: dict[str, int]
    sites: Sequence[tuple[PointLine, Sequence[PointLine]]]
    """First point of each site, and all of its points."""
    example: Example | None

    @property
    def shown(self) -> int:
        """Number of points on the page."""
        return sum(len(lines) for _, lines in self.sites)


async def points(house: House, person: Person, query: Query) -> Points:
    """The points that `query` asks for, on a connection of their own."""
    async with house.seen_by(person) as connection:
        return await overview.points(
            connection,
            now=house.clock.now(),
            search=query.q,
            state=query.state,
            limit=POINTS,
        )


async def read(
    connection: Connection, query: Query, points: Points, show: Display
) -> Page:
    """Everything that `query` asks for. Raises LookupError for an unknown alert or point.

    `connection` is of `House.seen_by`.
    """
    counts, lines = points
    position = await journal.horizon(connection)
    open_ids = await alert_cards.open_alerts(connection, OPEN)
    past_ids = await alert_cards.past_alerts(connection, PAST)
    if query.alert and query.alert not in (*open_ids, *past_ids):
        past_ids = [query.alert, *past_ids]
    cards = await _cards(connection, [*open_ids, *past_ids], show)
    card = cards[query.alert] if query.alert else None
    return Page(
        position=position,
        open=[cards[one] for one in open_ids],
        past=[cards[one] for one in past_ids],
        details=await _details(connection, card, show) if card else None,
        curve=await _curve(connection, query, card),
        counts=counts,
        sites=_by_site(lines),
        example=await overview.example(connection),
    )


async def _cards(
    connection: Connection, ids: Sequence[int], show: Display
) -> dict[int, Card]:
    stretches = await alert_details.stretches(connection, ids)
    by_alert = {
        alert: list(group) for alert, group in groupby(stretches, key=lambda s: s.alert)
    }
    return {
        alert.id: card(alert, by_alert.get(alert.id, []), show)
        for alert in await alert_cards.alerts(connection, ids)
    }


def card(alert: AlertLine, stretches: Sequence[Stretch], show: Display) -> Card:
    """The alert in words; `stretches` are its levels, the most severe first."""
    since = min((one.started for one in stretches), default=alert.began)
    since = since or alert.opened_at
    ends = [one.ended for one in stretches if one.ended]
    ended = max(ends) if ends and len(ends) == len(stretches) else alert.ended
    title, basis = _rule_texts(alert, show)
    peak, limit = _how_bad(alert, stretches, show)
    return Card(
        alert=alert,
        state=state(alert),
        severity=Severity(alert.severity).name.lower(),
        title=title,
        basis=basis,
        since=since,
        lasted=(ended or alert.withdrawn_at or show.now) - since,
        ended=ended,
        peak=peak,
        limit=limit,
        stretches=stretches,
    )


def state(alert: AlertLine) -> State:
    """What the alert's facts amount to."""
    return derived(alert)


def _rule_texts(alert: AlertLine, show: Display) -> tuple[str, str]:
    """Name and basis of the rule; of the box's own alerts, what to do."""
    if alert.content is None:
        key, known = f"rule.{alert.rule}", show.texts.known
        return known(key, alert.rule), known(f"{key}.basis", "")
    rule = limits.rule(alert.content)
    return show.texts.pick(rule.name), show.texts.pick(rule.basis)


def _how_bad(
    alert: AlertLine, stretches: Sequence[Stretch], show: Display
) -> tuple[str | None, str | None]:
    """Worst peak of the most severe level, and the limit that it is beyond."""
    if not (alert.content and alert.quantity and alert.unit and alert.resolution):
        return None, None
    level = limits.rule(alert.content).level(stretches[0].level) if stretches else None
    if level is None:
        return None, None
    if not isinstance(level, ThresholdLevel):
        digits = decimals(alert.resolution)
        amount = level.amount(stretches[0].highest, alert.unit, digits)
        return amount, level.limit(alert.unit)
    peak, side = limits.worst(level, stretches[0].lowest, stretches[0].highest)
    bound = level.above if side == "above" else level.below
    assert bound is not None
    return (
        show.value(peak, alert.quantity, alert.unit, alert.resolution),
        f"{limits.sign(level, side)} {show.limit(bound)} {alert.unit}",
    )


async def _details(connection: Connection, card: Card, show: Display) -> Details:
    content, unit = card.alert.content, card.alert.unit or ""
    levels = limits.rule(content).levels if content else ()
    return Details(
        card=card,
        journal=await journal.entries(connection, card.alert.id),
        copies=await alert_details.copies(connection, card.alert.id),
        limits=[limits.describe(show, level, unit) for level in levels],
    )


async def _curve(
    connection: Connection, query: Query, card: Card | None
) -> Curve | None:
    number = query.point or (card.alert.point if card else None)
    if number is None:
        return None
    point = await charts.point(connection, number)
    if point is None:
        raise LookupError(f"point {number}")
    if card is None or query.point:
        return Curve(point=point, hours=query.hours or 6, until=None)
    return _around(point, card, query.hours)


def _around(point: PointName, card: Card, hours: int | None) -> Curve:
    """A range that holds the alert's excursions; of one that is over, centred on them."""
    needed = card.lasted.total_seconds() / 3600 * 1.2
    fitting = next((one for one in HOURS if one >= needed), HOURS[-1])
    hours = hours or max(6, fitting)
    spare = timedelta(hours=hours) - card.lasted
    return Curve(point=point, hours=hours, until=card.ended and card.ended + spare / 2)


def _by_site(lines: Sequence[PointLine]) -> list[tuple[PointLine, list[PointLine]]]:
    groups = (list(group) for _, group in groupby(lines, key=lambda line: line.site))
    return [(group[0], group) for group in groups]
