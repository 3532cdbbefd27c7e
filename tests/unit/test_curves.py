"""Curves from roll-ups, figures of slices, and small curves of a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.pages.points.figures import rows, whole
from dashboard.parts.chart import spark
from dashboard.parts.chart.curves import MOST, outline
from dashboard.parts.chart.slices import WIDTHS, level, narrowest
from storage.charts import Setting, Spark
from storage.rollups import Rolled

START = datetime(2026, 11, 21, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTING = Setting(
    valid_from=START - timedelta(days=9),
    interval=timedelta(minutes=1),
    max_gap=timedelta(minutes=5),
    in_use="loaded",
    rules=[],
    known=START - timedelta(days=9),
)


def rolled(
    hour: int, low: float, high: float, *, count: int = 60, **more: object
) -> Rolled:
    """An hour with values at each minute, their mean between both."""
    time = START + hour * HOUR
    plain = Rolled(
        time=time, low=low, high=high, total=(low + high) / 2 * count, count=count,
        readings=count, uncertain=0, first=time, last=time + 59 * HOUR / 60,
        step=HOUR / 60, conflicts=0, late=0,
    )  # fmt: skip
    return plain._replace(**more)  # type: ignore[arg-type]


def test_slices_next_to_each_other_are_joined_and_a_missing_one_is_a_break() -> None:
    slices = [rolled(0, 4, 6), rolled(1, 5, 9), rolled(4, 4, 6)]
    means = [one.mean for one in outline(slices, [SETTING], HOUR)]
    assert means == [5, 7, 7, None, 5, 5]


def test_a_break_begins_and_ends_where_the_gap_does() -> None:
    times = [
        one.time for one in outline([rolled(0, 4, 6), rolled(4, 4, 6)], [SETTING], HOUR)
    ]
    assert times[1] == START + 59 * HOUR / 60
    assert times[2] == times[3] == START + 4 * HOUR


def test_a_slice_of_bad_readings_only_has_no_place_in_the_line() -> None:
    bad = rolled(1, 0, 0, count=0, readings=3, first=None, last=None)
    assert len(list(outline([rolled(0, 4, 6), bad], [SETTING], HOUR))) == 1


@pytest.mark.parametrize("days", [1, 7, 30, 365, 5 * 365, 50 * 366])
def test_any_range_is_few_slices_of_whole_buckets(days: int) -> None:
    width = narrowest(timedelta(days=days), MOST)
    assert timedelta(days=days) / width <= MOST
    assert not width % level(width).width
    assert narrowest(timedelta(days=days), 26) in WIDTHS


def test_figures_are_of_all_slices_and_count_what_was_due() -> None:
    slices = [rolled(0, 4, 6), rolled(2, 5, 9, count=30, readings=31, late=7)]
    parts = rows(slices, HOUR, [SETTING], START, START + 3 * HOUR)
    assert [one.values for one in parts] == [60, 0, 30]
    sum_ = whole(parts, [SETTING], START, START + 3 * HOUR)
    assert (sum_.low, sum_.high, sum_.bad, sum_.late) == (4, 9, 1, 7)
    assert sum_.mean == pytest.approx((60 * 5 + 30 * 7) / 90)
    assert sum_.share == pytest.approx(0.5)


def test_more_values_than_were_due_do_not_make_up_for_a_gap() -> None:
    parts = rows([rolled(0, 4, 6, count=120)], HOUR, [SETTING], START, START + 2 * HOUR)
    assert whole(parts, [SETTING], START, START + 2 * HOUR).share == pytest.approx(0.5)


def test_nothing_is_due_before_a_point_is_known_or_while_it_is_not_in_use() -> None:
    for setting in (
        replace(SETTING, known=START + 5 * HOUR),
        replace(SETTING, in_use="empty"),
    ):
        parts = rows([rolled(0, 4, 6)], HOUR, [setting], START, START + HOUR)
        assert whole(parts, [setting], START, START + HOUR).share is None


def test_a_small_curve_keeps_its_extremes_and_is_broken_by_a_gap() -> None:
    steps = [
        Spark(point=1, step=n, low=4, high=high) for n, high in ((0, 5), (1, 8), (9, 4))
    ]
    assert spark.path(steps) == ("M0 22.0V17.0L1 22.0V2.0M9 22.0V22.0", 4, 8)
    assert spark.path([]) == ("", None, None)
    assert spark.path(steps[2:]).d == "M9 12.0V12.0"
