"""Silence: no message of a device for longer than several of its intervals.

Judged by arrival, not by measured time, and so by the ticker: `alerting/findings/silence.py`.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from domain.text import Text
from rules.level import Level
from rules.model import Duration
from rules.rule import Rule
from rules.words import span


class SilenceLevel(Level):
    """How long a device may be silent."""

    intervals: int = Field(default=5, ge=2)
    """So many recording intervals of its points (the shortest) …"""
    at_least: Duration = timedelta(minutes=15)
    """… but never less than this."""

    def patience(self, interval: timedelta) -> timedelta:
        """The longest time without a message that is no silence, at that interval."""
        return max(self.intervals * interval, self.at_least)

    def limit(self, unit: str) -> Text:
        """`no message for 5 intervals, at least 15 min`."""
        del unit
        least = span(self.at_least)
        return Text(
            f"连续 {self.intervals} 个记录间隔（至少 {least.zh}）没有消息",
            f"no message for {self.intervals} intervals, at least {least.en}",
        )


class SilenceRule(Rule[SilenceLevel]):
    """How long devices may be silent. It has one level: a device is silent or not."""

    of_values = False

    levels: tuple[SilenceLevel, ...] = Field(min_length=1, max_length=1)
