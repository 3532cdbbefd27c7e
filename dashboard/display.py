"""How values, times and durations are written on the pages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from dashboard.texts import LANGUAGES, Texts
from domain.quantities import QUANTITIES
from domain.readings import decimals

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Display:
    """Writes for one language and one time zone."""

    texts: Texts
    zone: tzinfo
    now: datetime
    """Domain time of the page."""

    def local(self, time: datetime) -> datetime:
        """`time` in the zone of the pages."""
        return time.astimezone(self.zone)

    def offset(self) -> str:
        """The zone by its offset: `+08:00`."""
        text = f"{self.local(self.now):%z}"
        return f"{text[:3]}:{text[3:5]}"

    def zone_name(self) -> str:
        """The zone as people know it: `UTC+08:00, Asia/Shanghai`."""
        return f"UTC{self.offset()}, {self.zone}"

    def clock(self, time: datetime) -> str:
        """The time of day: `17:30:05`."""
        return f"{self.local(time):%H:%M:%S}"

    def time(self, time: datetime) -> str:
        """Time of day, with the date where it is not today's."""
        local = self.local(time)
        same = local.date() == self.local(self.now).date()
        return f"{local:%H:%M:%S}" if same else f"{local:%Y-%m-%d %H:%M:%S}"

    def moment(self, time: datetime) -> str:
        """Date and time of day."""
        return f"{self.local(time):%Y-%m-%d %H:%M:%S}"

    def number(self, value: float, resolution: float) -> str:
        """As many decimals as the resolution has, with a true minus sign."""
        return f"{value:.{decimals(resolution)}f}".replace("-", MINUS)

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
        return f"{value:g}".replace("-", MINUS)

    def duration(self, duration: timedelta) -> str:
        """In the two largest units that say something: 45 s, 12 min, 3 h 5 min."""
        seconds = max(0, int(duration.total_seconds()))
        days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60
        if days:
            return self.texts("duration.days", d=days, h=hours % 24)
        if hours:
            return self.texts("duration.hours", h=hours, m=minutes % 60)
        if minutes:
            return self.texts("duration.minutes", n=minutes)
        return self.texts("duration.seconds", n=seconds)
