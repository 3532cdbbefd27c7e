"""The drawing of an alert's own copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from dashboard.display import Display
from dashboard.pages.one_alert import drawing
from dashboard.pages.one_alert.drawing import Drawing, Limit, Scale, Stretch
from dashboard.texts import Texts
from storage.alert_details import Slice

START = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
SHOW = Display(texts=Texts("en"), zone=ZoneInfo("Asia/Shanghai"), now=START)
WARM = [Limit(8.0, "major", "excursion > 8"), Limit(7.9, "minor", "warning > 7.9")]


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def reading(minute: float, value: float, step: float | None = 1) -> Slice:
    time = at(minute)
    return Slice(
        first=time,
        last=time,
        step=None if step is None else timedelta(minutes=step),
        low_time=time,
        low=value,
        high_time=time,
        high=value,
    )


def drawn(*slices: Slice, stretch: tuple[float, float | None] = (1, 3), until: float = 60) -> Drawing:  # fmt: skip
    start, end = stretch
    return drawing.draw(
        slices=slices,
        conflicts=[],
        limits=WARM,
        stretches=[Stretch(at(start), None if end is None else at(end), "major")],
        span=(START, at(until)),
        longest=lambda _: timedelta(minutes=5),
        unit="°C",
        show=SHOW,
    )


def test_a_gap_parts_the_curve_and_a_lone_reading_is_a_dot() -> None:
    one = drawn(reading(0, 5, None), reading(1, 9), reading(30, 9, 29))
    assert len(one.curves) == 1
    assert one.curves[0].count(",") == 2
    assert len(one.dots) == 1


def test_an_excursion_of_a_second_is_seen() -> None:
    (shade,) = drawn(reading(0, 9), stretch=(1, 1 + 1 / 60), until=1e5).shades
    assert shade.width >= drawing.THIN


def test_what_goes_on_is_shaded_to_the_end() -> None:
    (shade,) = drawn(reading(0, 9), stretch=(30, None)).shades
    assert shade.x + shade.width == drawing.RIGHT


def test_labels_of_close_limits_stand_apart() -> None:
    above, below = drawn(reading(0, 0), reading(1, 20)).limits
    assert below.label_y - above.label_y >= drawing.APART
    assert above.label == "excursion > 8"


@pytest.mark.parametrize("until", [10, 60, 600, 6000, 60_000, 2_000_000])
def test_times_are_round_in_the_zone_of_the_viewer_and_few(until: float) -> None:
    ticks = drawn(reading(0, 9), until=until).times
    assert 1 <= len(ticks) <= drawing.TICKS + 1
    assert all(one.at < other.at for one, other in pairwise(ticks))


def test_a_new_day_is_named_below_its_first_time() -> None:
    ticks = drawn(reading(0, 9), until=60).times
    assert [(tick.label, tick.below) for tick in ticks][:4] == [
        ("23:30", "22 Nov 2026"), ("23:40", ""), ("23:50", ""), ("00:00", "23 Nov 2026"),
    ]  # fmt: skip


def test_without_a_reading_there_are_axes_all_the_same() -> None:
    one = drawn()
    assert one.curves == []
    assert one.values


def test_the_axis_names_no_time_that_clocks_leave_out() -> None:
    spring = datetime(2026, 3, 29, tzinfo=UTC)  # Berlin's clocks go on at 01:00Z
    show = replace(SHOW, zone=ZoneInfo("Europe/Berlin"))
    scale = Scale(start=spring, until=spring + timedelta(hours=3), low=0, high=1)
    labels = [one.label for one in drawing.time_ticks(scale, show)]
    assert "01:30" in labels
    assert not {"02:00", "02:30"} & set(labels)
