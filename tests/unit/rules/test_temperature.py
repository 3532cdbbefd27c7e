"""The figures of docs/rules.md: what thresholds and trends find in a machine's temperature."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.rules.temperature import DATA, first_week, scored

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason=f"the machine's temperature is not at hand: {DATA}"
)
DOCUMENT = Path(__file__).parents[3] / "docs" / "rules.md"
HOLDS = ("0s", "30m", "2h", "6h")


def threshold(hold: str, **limit: float) -> Any:
    return scored("threshold", deadband=2.0, **limit, **{"for": hold})


def trend(window: str, slope: float, **more: Any) -> Any:
    return scored("trend", below=-slope, deadband=slope / 2, window=window, **more)


def reaching(window: str, slope: float, within: str) -> Any:
    return trend(window, slope, reaches_below=60.0, within=within)


def test_single_settings_are_as_documented() -> None:
    mean, deviation = first_week()
    low, high = round(mean - 3 * deviation, 1), round(mean + 3 * deviation, 1)
    assert (low, high) == (53.6, 106.6)
    figures = {
        "threshold, below 53.6 °F for 30 min | the first week": threshold(
            "30m", below=low
        ),
        "threshold, above 106.6 °F for 30 min | the first week": threshold(
            "30m", above=high
        ),
        "trend, steeper than −2 °F/h over 6 h | the middle of the grid": trend(
            "6h", 2.0
        ),
        "threshold, below 60 °F for 2 h | the grid": threshold("2h", below=60.0),
        "threshold, below 65 °F for 2 h | the grid": threshold("2h", below=65.0),
        "trend, steeper than −2 °F/h over 12 h | the grid": trend("12h", 2.0),
    }
    text = DOCUMENT.read_text()
    for name, score in figures.items():
        assert f"| {name} | {score.row} |" in text


def test_limits_of_the_first_week_find_all_four_at_less_than_one_false_a_week() -> None:
    mean, deviation = first_week()
    score = threshold("30m", below=round(mean - 3 * deviation, 1))
    assert score.found == 4
    assert score.false_per_week < 1
    assert score.found > 2 * score.by_chance


def grid() -> Iterator[str]:
    for limit in (50, 55, 60, 65, 70, 75):
        cells = (threshold(hold, below=float(limit)).short for hold in HOLDS)
        yield row(f"below {limit} °F", cells)
    for limit in (100, 102, 104, 106):
        cells = (threshold(hold, above=float(limit)).short for hold in HOLDS)
        yield row(f"above {limit} °F", cells)
    for window in ("3h", "6h", "12h"):
        for p in (0.01, 0.0001):
            each = (trend(window, s, significance=p).short for s in (0.5, 1, 2, 4, 8))
            yield row(f"{window}, p ≤ {p:g}", each)
    for window in ("3h", "6h", "12h"):
        for within in ("6h", "12h", "24h"):
            each = (reaching(window, s, within).short for s in (0.5, 1, 2, 4))
            yield row(f"{window}, 60 °F within {within}", each)


def row(name: str, cells: Iterator[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_grid_is_as_documented() -> None:
    text = DOCUMENT.read_text()
    missing = [line for line in grid() if line not in text]
    assert not missing, "\n".join(missing)
