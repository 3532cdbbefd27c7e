"""Who judges safety codes and counts completeness, as time passes: a `Timed`.

Both are done every `EVERY` of the domain's time, and never more often than every `APART` real
seconds, for a demo lets hours pass in seconds; and in pieces: while there is more, one every
`BREATH`, so that the intake goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from alerting.safety import code as safety
from alerting.safety import completeness
from alerting.safety.completeness import DAY, KEPT, day_of, full_days, lead
from alerting.safety.facts import Facts
from alerting.safety.gathering import gather
from alerting.timed import Timed
from domain.brought import Brought
from domain.documents import document
from storage import completeness as counts
from storage import safety as codes
from storage import shares
from storage.completeness import Asked, Counted, PointDay, Stretch
from storage.safety import Judged, Verdict
from storage.unit import Connection, Unit

EVERY: Final = timedelta(minutes=5)
APART: Final = 5.0
BREATH: Final = 1.0
PIECE: Final = 200
"""So many enterprises are judged, so many days of points counted at once."""
ASKED: Final = 20_000
"""So many days of points to be counted are asked for at once: to find them is work, too."""
SLOTS: Final = 300_000
"""No more slots are counted at once: a point recorded every second has as many as sixty others."""
FIRST: Final = datetime.min.replace(tzinfo=UTC)


class Pace:
    """When something that comes again and again is next due."""

    def __init__(self, elapsed: float) -> None:
        """Not before `APART` real seconds."""
        self._at, self._elapsed = FIRST, elapsed + APART

    def reached(self, now: datetime, elapsed: float) -> bool:
        """Whether it is due, by the domain's time and by real seconds."""
        return now >= self._at and elapsed >= self._elapsed

    def done(self, now: datetime, elapsed: float, *, more: bool) -> None:
        """A piece is done; `more`: perhaps not the last."""
        self._at = now if more else now + EVERY
        self._elapsed = elapsed + (BREATH if more else APART)

    def again(self) -> None:
        """It has to be done again, whatever the domain's time."""
        self._at = FIRST


class SafetyWatch(Timed):
    """Judges the enterprises of a share's region. One per ingestor."""

    def __init__(self, elapsed: Callable[[], float], *, region: str = "") -> None:
        """Judge where regions (GB/T 2260) begin with `region`; `elapsed` is real seconds."""
        self._elapsed = elapsed
        self._low, self._high = int(region.ljust(6, "0")), int(region.ljust(6, "9"))
        self._judging = Pace(elapsed())
        self._counting = Pace(elapsed())
        self._judge = False
        self._judged = 0
        """Number of the last enterprise of the pieces so far."""
        self._uncounted: Sequence[PointDay] = ()
        """What is known to be left to count; `_full`: there may be more."""
        self._count = self._full = False

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Let full days be counted again that late or conflicting readings change."""
        changed = completeness.touched((*brought.stored, *brought.conflicts), now)
        if changed:
            await counts.stale(unit.connection, changed)

    async def due(self, connection: Connection, share: int, now: datetime) -> bool:
        """Whether there is anything to judge or to count. It seldom asks the database.

        A day is counted once the share has listened to its end: after a time in which the
        box was off, what waits at the broker is not missing.
        """
        elapsed = self._elapsed()
        self._judge = self._judging.reached(now, elapsed)
        self._count = self._counting.reached(now, elapsed)
        if self._count and not self._uncounted:
            left = await shares.listened(connection, share)
            days = full_days(min(now, left.watermark) if left else now)
            self._uncounted = await counts.uncounted(
                connection, self._low, self._high, days, ASKED
            )
            self._count = bool(self._uncounted)
            self._full = len(self._uncounted) == ASKED
            self._counting.done(now, elapsed, more=False)
        return self._judge or self._count

    async def tick(self, unit: Unit, now: datetime) -> None:
        """Count a piece; judge one, if it is time."""
        if self._count:
            counted = await count(unit.connection, self._uncounted[:PIECE], now)
            self._uncounted = self._uncounted[counted:]
            more = bool(self._uncounted) or self._full
            self._counting.done(now, self._elapsed(), more=more)
        if self._judge:
            piece = await codes.judged(
                unit.connection, self._low, self._high, after=self._judged, limit=PIECE
            )
            await judge(unit, piece, now)
            more = len(piece) == PIECE
            self._judged = piece[-1].id if more else 0
            self._judging.done(now, self._elapsed(), more=more)

    def forget(self) -> None:
        """A unit was rolled back: what it did has to be done again."""
        self._judge, self._judged = False, 0
        self._count, self._uncounted = False, ()
        self._judging.again()
        self._counting.again()


# Counting -----------------------------------------------------------------------------


async def count(connection: Connection, days: Sequence[PointDay], now: datetime) -> int:
    """Count the first of these full days of points, and keep what comes of it; how many."""
    timelines = await counts.timelines(connection, {point for point, _ in days})
    stretches = affordable(
        ((point, day), completeness.due(timelines[point], day)) for point, day in days
    )
    asked = [
        (key, Asked(key[0], stretch, lead(stretch.interval)))
        for key, found in stretches.items()
        for stretch in found
    ]
    filled = dict.fromkeys(stretches, 0)
    found = await counts.filled(connection, [one for _, one in asked])
    for (key, _), number in zip(asked, found, strict=True):
        filled[key] += number
    counted = [
        Counted(
            point=point,
            day=day,
            due=sum(stretch.slots for stretch in found),
            filled=filled[point, day],
            settings=timelines[point].settings,
        )
        for (point, day), found in stretches.items()
    ]
    await counts.keep(connection, counted, oldest=day_of(now) - KEPT * DAY)
    return len(counted)


def affordable(
    stretches: Iterable[tuple[PointDay, list[Stretch]]],
) -> dict[PointDay, list[Stretch]]:
    """The first of them, up to `SLOTS` slots; one at least."""
    taken: dict[PointDay, list[Stretch]] = {}
    slots = 0
    for key, found in stretches:
        slots += sum(stretch.slots for stretch in found)
        if taken and slots > SLOTS:
            break
        taken[key] = found
    return taken


# Judging ------------------------------------------------------------------------------


async def judge(unit: Unit, judged: Sequence[Judged], now: datetime) -> None:
    """Judge enterprises; journal the changes of colour."""
    found = await gather(unit.connection, unit.share, judged, now)
    await codes.keep(
        unit,
        [
            verdict(enterprise, facts, unit.share, now)
            for enterprise, facts in zip(judged, found, strict=True)
        ],
    )


def verdict(enterprise: Judged, facts: Facts, share: int, now: datetime) -> Verdict:
    """What an enterprise is by its facts, in the eyes of a share."""
    colour, reasons = safety.code(facts)
    detail = {
        "facts": {**facts.document(), "share": share},
        "reasons": [reason.document() for reason in reasons],
    }
    return Verdict(
        enterprise=enterprise.id,
        n=enterprise.changes + (colour != enterprise.code),
        at=now,
        old_code=enterprise.code,
        code=colour.value,
        score=safety.score(facts),
        formula=safety.FORMULA,
        detail=document(detail),
    )
