"""How values, times and durations are written on the pages, by language and zone. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from math import floor

from babel import Locale, dates, numbers

from dashboard.texts import LANGUAGES, LOCALES, Texts, count
from domain.quantities import QUANTITIES
from domain.readings import decimals
from domain.regions import NAMES, around, is_in, is_shared
from rules.words import number, rounded

SECOND = timedelta(seconds=1)
ROUNDING = 1e-9
"""What binary fractions may miss of a share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Display:
    """Writes for one language and one time zone."""

    texts: Texts
    zone: tzinfo
    """The viewer's."""
    now: datetime
    """Domain time of the page."""
    demo: bool = False
    """Whether that is a demo's: not today's."""

    @property
    def locale(self) -> Locale:
        """That of the language."""
        return LOCALES[self.texts.language]

    def local(self, time: datetime) -> datetime:
        """`time` in the zone of the pages."""
        return time.astimezone(self.zone)

    def offset(self, time: datetime | None = None) -> str:
        """The zone by its offset, now or at `time`: `+08:00`."""
        text = f"{self.local(time or self.now):%z}"
        return f"{text[:3]}:{text[3:5]}"

    def zone_name(self, time: datetime | None = None) -> str:
        """The zone as people know it, now or at `time`: `China Standard Time, UTC+08:00`."""
        local = self.local(time or self.now)
        name = dates.get_timezone_name(local, locale=self.locale)
        comma = "，" if self.texts.language == "zh" else ", "
        return f"{name}{comma}UTC{self.offset(time)}"

    def unchanging(self, time: datetime) -> Display:
        """The same, in a zone that always has the offset of this one at `time`."""
        offset = self.local(time).utcoffset()
        assert offset is not None
        return replace(self, zone=timezone(offset))

    def clock(self, time: datetime) -> str:
        """The time of day: `17:30:05`."""
        return f"{self.local(time):%H:%M:%S}"

    def time(self, time: datetime) -> str:
        """Time of day, with the date where it is not today's."""
        same = self.local(time).date() == self.local(self.now).date()
        return self.clock(time) if same else self.moment(time)

    def moment(self, time: datetime) -> str:
        """Date and time of day: `22 Nov 2026, 17:30:05`, `2026年11月22日 17:30:05`."""
        return dates.format_datetime(self.local(time), "medium", locale=self.locale)

    def real(self, text: str) -> str:
        """A written time of sessions, tokens and deliveries: in a demo it is told apart."""
        return self.texts("real-time", time=text) if self.demo else text

    def day(self, day: date) -> str:
        """A date without a time: `22 Nov 2026`, `2026年11月22日`."""
        return dates.format_date(day, "medium", locale=self.locale)

    def iso(self, time: datetime) -> str:
        """For the `datetime` attribute: `2026-11-22T09:30:05Z`."""
        return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def count(self, n: int) -> str:
        """A number of things: `12,345`."""
        return count(n, self.texts.language)

    def percent(self, share: float) -> str:
        """A share of 1, to a tenth of a per cent: `99.5%`; never rounded up to all."""
        tenths = floor(share * 1000 + ROUNDING)
        return numbers.format_percent(tenths / 1000, "#,##0.#%", self.locale)

    def region(self, code: str, within: str = "") -> str:
        """A region by name, with what is around it where others have that name too.

        `Hangzhou`, `Xihu (Hangzhou)`, `Taizhou (Jiangsu)`; one without a name by its code:
        `Hangzhou 330199`. On a page about `within` (six digits) nothing around that is said.
        """
        column = LANGUAGES.index(self.texts.language)
        outer = around(code)
        if code not in NAMES:
            return f"{self.region(outer, outer)} {code}" if outer else code
        name = NAMES[code][column] or f"{NAMES[code].zh} {code}"
        if outer is None or not is_shared(code)[column] or is_in(within, outer):
            return name
        return self.texts("region", name=name, around=self.region(outer, outer))

    def number(self, value: float, resolution: float) -> str:
        """As many decimals as the resolution has, with a true minus sign."""
        return rounded(value, decimals(resolution))

    def states(self, quantity: str) -> list[str]:
        """Names of the values 0, 1, … of a quantity that has some: open, closed."""
        known = QUANTITIES.get(quantity)
        column = LANGUAGES.index(self.texts.language)
        return [names[column] for names in known.states] if known else []

    def value(self, value: float, quantity: str, unit: str, resolution: float) -> str:
        """With its unit, or by its name: `5.3 °C`, `open`."""
        names = self.states(quantity)
        if names and value in range(len(names)):
            return names[int(value)]
        return f"{self.number(value, resolution)} {unit}"

    def limit(self, value: float) -> str:
        """A limit, as it was written: 8, −0.5."""
        return number(value)

    def duration(self, duration: timedelta) -> str:
        """In the two largest units that say something: under 1 s, 45 s, 12 min, 3 h 5 min."""
        if timedelta(0) < duration < SECOND:
            return self.texts("duration.moment")
        seconds = max(0, int(duration.total_seconds()))
        days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60
        if days:
            more = hours % 24
            whole = self.texts("duration.whole-days", n=days)
            return self.texts("duration.days", d=days, h=more) if more else whole
        if hours:
            more = minutes % 60
            whole = self.texts("duration.whole-hours", n=hours)
            return self.texts("duration.hours", h=hours, m=more) if more else whole
        if minutes:
            return self.texts("duration.minutes", n=minutes)
        return self.texts("duration.seconds", n=seconds)
