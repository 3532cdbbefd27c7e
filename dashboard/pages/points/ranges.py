"""The range of time that a page of a point shows, as its address says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

RANGES: Final = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "1y": timedelta(days=365),
    "5y": timedelta(days=5 * 365),
}
"""Ranges that end now, by their names in addresses."""
USUAL: Final = "24h"
LONGEST: Final = timedelta(days=50 * 366)
SHORTEST: Final = timedelta(seconds=10)
"""What is narrower is widened to this."""
YEARS: Final = (1970, 2200)
"""From the first (inclusive) to the second."""


class BadRange(Exception):
    """A range that cannot be shown; `text` is the key of what to say."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """From `start` to `until`."""

    start: datetime
    until: datetime
    name: str | None = None
    """One of RANGES; None: it does not move on with the time."""

    @property
    def span(self) -> timedelta:
        """How long it is."""
        return self.until - self.start

    @property
    def address(self) -> dict[str, str | None]:
        """How the query of an address says it; a None leaves out."""
        if self.name:
            return {"range": self.name, "from": None, "to": None}
        return {"range": None, "from": _utc(self.start), "to": _utc(self.until)}

    def earlier(self) -> Range:
        """As long, and just before it."""
        return Range(start=self.start - self.span, until=self.start)

    def later(self, now: datetime) -> Range | None:
        """As long, and just after it, up to now; None: there is no time after it."""
        if self.until >= now:
            return None
        return _ending(min(self.until + self.span, now), self.span, now)

    def wider(self, now: datetime) -> Range | None:
        """Twice as long around it; None: that is too long."""
        if self.span * 2 > LONGEST:
            return None
        return _ending(min(self.until + self.span / 2, now), self.span * 2, now)

    def closer(self) -> Range:
        """The half in its middle."""
        return Range(start=self.start + self.span / 4, until=self.until - self.span / 4)


def asked(since: str, until: str, name: str, now: datetime, zone: tzinfo) -> Range:
    """The range of an address: RFC 3339 times, or local ones of `zone`; or a name of RANGES.

    Without a beginning it is a day, without an end it reaches to `now`. Raises BadRange.
    """
    if not since and not until:
        name = name or USUAL
        if name not in RANGES:
            raise BadRange("points.range.unknown")
        return Range(start=now - RANGES[name], until=now, name=name)
    end = read(until, zone) if until else now
    start = read(since, zone) if since else end - RANGES[USUAL]
    if start >= end:
        raise BadRange("points.range.reversed")
    if end - start > LONGEST:
        raise BadRange("points.range.long")
    if start >= now:
        raise BadRange("points.range.future")
    return Range(start=start, until=max(min(end, now), start + SHORTEST))


def read(text: str, zone: tzinfo) -> datetime:
    """A time, in UTC: no database knows +23:59. Without an offset one of `zone`. Raises BadRange."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRange("points.range.unreadable") from error
    if not YEARS[0] <= time.year < YEARS[1]:
        raise BadRange("points.range.unreadable")
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def local(text: str) -> bool:
    """Whether it is a time without an offset, which says another to each viewer."""
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _ending(until: datetime, span: timedelta, now: datetime) -> Range:
    names = {length: name for name, length in RANGES.items()} if until >= now else {}
    return Range(start=until - span, until=until, name=names.get(span))


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
