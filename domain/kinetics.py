"""Mean kinetic temperature: the constant one that would have done the same harm. Pure.

T = (ΔH/R) / −ln(Σ tᵢ·e^(−ΔH/(R·Tᵢ)) / Σ tᵢ), in kelvin and weighted by time: USP <1079.2>, ICH Q1A.
It clears no excursion, and says nothing about freezing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import Final, NamedTuple

ACTIVATION: Final = 10_000.0
"""ΔH/R in kelvin, of ΔH = 83.144 kJ/mol."""
ZERO: Final = 273.15
"""0 °C in kelvin."""


class Stretch(NamedTuple):
    """What is known of some time: temperatures in °C."""

    low: float
    mean: float
    high: float
    weight: float
    """How long it is, in any unit."""


def mean_kinetic(stretches: Sequence[Stretch]) -> tuple[float, float] | None:
    """Between which two temperatures in °C it lies; None: nothing was measured, or no such.

    Harm is a convex function of temperature. So in a stretch it is at least that of the mean
    (Jensen), and at most what the chord from `low` to `high` has at the mean
    (Edmundson-Madansky). Where all is constant in each stretch both are the same.
    """
    whole = sum(one.weight for one in stretches)
    if not whole or any(one.low <= -ZERO for one in stretches):
        return None
    least = sum(one.weight * harm(one.mean) for one in stretches)
    most = sum(one.weight * chord(one) for one in stretches)
    return temperature(least / whole), temperature(most / whole)


def harm(celsius: float) -> float:
    """In any unit: how fast it goes at a temperature."""
    return exp(-ACTIVATION / (celsius + ZERO))


def temperature(of: float) -> float:
    """The temperature, in °C, of as much harm."""
    return ACTIVATION / -log(of) - ZERO


def chord(one: Stretch) -> float:
    """The harm if it was as cold or as hot as it ever was, and nothing between."""
    if one.high <= one.low:
        return harm(one.mean)
    share = (one.mean - one.low) / (one.high - one.low)
    return (1 - share) * harm(one.low) + share * harm(one.high)
