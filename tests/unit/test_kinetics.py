"""Mean kinetic temperature."""

from __future__ import annotations

from random import Random
from statistics import fmean

import pytest

from domain.kinetics import Stretch, mean_kinetic


def constant(*temperatures: float) -> list[Stretch]:
    return [Stretch(one, one, one, 1) for one in temperatures]


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        (constant(5), 5.0),
        (constant(2, 8), 5.5364),
        (constant(20, 25, 30), 25.8582),
        ([Stretch(5, 5, 5, 1380), Stretch(15, 15, 15, 60)], 5.7635),
    ],
)
def test_of_constant_stretches_it_is_exact(
    stretches: list[Stretch], expected: float
) -> None:
    assert mean_kinetic(stretches) == pytest.approx((expected, expected), abs=5e-5)


@pytest.mark.parametrize("seed", range(20))
def test_of_slices_it_lies_between_the_two(seed: int) -> None:
    dice = Random(seed)
    values = [dice.gauss(5, dice.choice((0.1, 2, 9))) for _ in range(600)]
    slices = [values[n : n + 60] for n in range(0, 600, 60)]
    known = [Stretch(min(s), fmean(s), max(s), len(s)) for s in slices]
    between, exact = mean_kinetic(known), mean_kinetic(constant(*values))
    assert between is not None
    assert exact is not None
    assert between[0] <= exact[0] <= between[1]


def test_of_nothing_and_of_what_is_no_temperature_there_is_none() -> None:
    assert mean_kinetic([]) is None
    assert mean_kinetic(constant(5, -274)) is None
