"""Weather outside: a season, a day, and seeded days that are warmer or damper than others.

The climate is roughly that of northern Zhejiang; the numbers are defaults of ours, chosen
to look right, not measurements.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from random import Random

CHINA = timezone(timedelta(hours=8))

YEAR_MEAN, SEASON_SWING, DAY_SWING, DAY_SPREAD = 17.5, 12.0, 4.0, 1.5
"""°C: mean of the year, amplitudes of season and day, deviation from day to day."""
WARMEST_DAY, WARMEST_HOUR = 205, 15.0
HUMIDITY_MEAN, HUMIDITY_SWING, HUMIDITY_SPREAD = 74.0, 12.0, 5.0
"""%RH: mean, amplitude of the day (driest when warmest), deviation from day to day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Weather:
    """Air at one time."""

    temperature: float
    """°C."""
    humidity: float
    """%RH."""


def weather(seed: int, time: datetime) -> Weather:
    """The weather at `time` (aware); the same for the same seed, whatever was asked before."""
    local = time.astimezone(CHINA)
    hour = local.hour + local.minute / 60 + local.second / 3600
    day = local.toordinal()
    season = math.cos(math.tau * (local.timetuple().tm_yday - WARMEST_DAY) / 365.25)
    daily = math.cos(math.tau * (hour - WARMEST_HOUR) / 24)
    (warm, damp), (warmer, damper) = (_oddity(seed, day + n) for n in (0, 1))
    share = hour / 24
    return Weather(
        temperature=YEAR_MEAN
        + SEASON_SWING * season
        + DAY_SWING * daily
        + DAY_SPREAD * (warm + (warmer - warm) * share),
        humidity=min(
            98.0,
            HUMIDITY_MEAN
            - HUMIDITY_SWING * daily
            + HUMIDITY_SPREAD * (damp + (damper - damp) * share),
        ),
    )


@lru_cache(maxsize=64)
def _oddity(seed: int, day: int) -> tuple[float, float]:
    """How odd the midnight that begins `day` is: temperature and humidity, in −1…1."""
    dice = Random(f"weather/{seed}/{day}")  # noqa: S311 - a simulation, not a secret
    return dice.uniform(-1, 1), dice.uniform(-1, 1)
