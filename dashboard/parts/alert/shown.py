"""An alert as pages show it: in words, with how bad it is and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from alerting.life.deadlines import unmet
from alerting.life.life_cycle import derived
from alerting.life.permissions import possible_for
from dashboard.display import Display
from dashboard.parts import limits
from dashboard.parts.limits import Measured
from domain.alerts import Alert, State
from domain.people import Person
from rules.threshold import ThresholdLevel
from storage import alert_details
from storage.alert_details import Extent, Stretch
from storage.alert_list import AlertLine
from storage.unit import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An alert in words."""

    line: AlertLine
    state: State
    severity: str
    """`minor`, `major` or `critical`."""
    title: str
    """What the rule watches for."""
    basis: str
    """In law; of findings about devices and the box, what to do."""
    since: datetime
    """When what it stands for began, by what was measured."""
    ended: datetime | None
    lasted: timedelta
    """Until it ended, or now."""
    peak: str | None
    limit: str | None
    """The limit that the peak is beyond."""
    stretches: Sequence[Stretch]
    possible: tuple[str, ...]
    """Commands that the person may give now."""

    @property
    def head(self) -> Alert:
        """Its facts."""
        return self.line.head

    @property
    def id(self) -> int:
        """Its number."""
        return self.line.head.id

    @property
    def open(self) -> bool:
        """Whether it still asks for something."""
        return self.head.live and self.state.work != "closed"

    @property
    def due(self) -> datetime | None:
        """The first deadline of what is still to be done, whether it has passed or not."""
        return min(unmet(self.head).values(), default=None)

    @property
    def classes(self) -> str:
        """For style sheets: severity, signal, work, and what else makes a difference."""
        facts = {
            "suppressed": self.head.suppressed,
            "shelved": self.head.shelved_until,
            "overdue": self.head.overdue_since and self.open,
        }
        more = [name for name, holds in facts.items() if holds]
        return " ".join([self.severity, self.state.signal, self.state.work, *more])


async def shown(
    connection: Connection, lines: Sequence[AlertLine], show: Display, person: Person
) -> list[Shown]:
    """The alerts of `lines`, in their order. `connection` is of `House.seen_by(person)`."""
    ids = [line.head.id for line in lines]
    stretches = await alert_details.stretches(connection, ids)
    by_alert = {
        alert: list(group) for alert, group in groupby(stretches, key=lambda s: s.alert)
    }
    extents = await alert_details.extents(connection, ids)
    return [
        in_words(
            line,
            by_alert.get(line.head.id, []),
            extents.get(line.head.id),
            show,
            person,
        )
        for line in lines
    ]


def in_words(
    line: AlertLine,
    stretches: Sequence[Stretch],
    extent: Extent | None,
    show: Display,
    person: Person,
) -> Shown:
    """The alert in words; `stretches` are its levels, the most severe first."""
    head = line.head
    began = [one.started for one in stretches] or [extent.began if extent else None]
    since = min(filter(None, began), default=head.opened_at)
    ends = [one.ended for one in stretches if one.ended]
    ended = max(ends) if ends and len(ends) == len(stretches) else None
    ended = ended or (extent.ended if extent else None)
    title, basis = rule_texts(line, show)
    peak, limit = _how_bad(line, stretches, show)
    return Shown(
        line=line,
        state=State(derived(head)),
        severity=head.severity.name.lower(),
        title=title,
        basis=basis,
        since=since,
        ended=ended,
        lasted=(ended or head.withdrawn_at or show.now) - since,
        peak=peak,
        limit=limit,
        stretches=stretches,
        possible=possible_for(head, person),
    )


def rule_texts(line: AlertLine, show: Display) -> tuple[str, str]:
    """Name and basis of the rule; of findings about devices and the box, what to do."""
    if line.content is None:
        key, known = f"rule.{line.head.rule}", show.texts.known
        return known(key, line.head.rule), known(f"{key}.basis", "")
    rule = limits.rule(line.content)
    return show.texts.pick(rule.name), show.texts.pick(rule.basis)


def measured(line: AlertLine) -> Measured | None:
    """What its point measures; None of what has no point, or is not seen."""
    if line.quantity is None or line.unit is None or line.resolution is None:
        return None
    return Measured(line.quantity, line.unit, line.resolution)


def _how_bad(
    line: AlertLine, stretches: Sequence[Stretch], show: Display
) -> tuple[str | None, str | None]:
    """Worst peak of the most severe level, and the limit that it is beyond."""
    of = measured(line)
    if line.content is None or of is None or not stretches:
        return None, None
    level = limits.rule(line.content).level(stretches[0].level)
    if level is None:
        return None, None
    peaks = stretches[0].lowest, stretches[0].highest
    if not isinstance(level, ThresholdLevel):
        peak = limits.farthest(level, *peaks)
        bound = limits.limit(level, show, of.unit)
        return limits.amount(level, show, peak, of), bound
    peak, side = limits.worst(level, *peaks)
    value = level.above if side == "above" else level.below
    assert value is not None, "it is beyond this one"
    bound = f"{limits.sign(level, side)} {show.limit(value)} {of.unit}"
    return limits.amount(level, show, peak, of), bound
