"""From where a fold has to start for a reading that comes late. (The proof: test_oracle.)"""

from __future__ import annotations

from datetime import datetime

from rules.engine import anchor
from rules.watch import Watch
from tests.series import START, at, series
from tests.unit.rules.builders import a_level, a_period, a_watch, excursions, watching


def anchored(watch: Watch, text: str, late: str) -> datetime:
    """The anchor of a reading `late` after the start, with `text` stored."""
    stored = series(START, "1m", text)
    times = [reading.time for reading in stored if reading.time < at(late)]
    return anchor(watch, max(times, default=None), at(late), excursions(watch, stored))


def test_without_predecessor_it_is_the_reading_itself() -> None:
    assert anchored(watching(above=8.0, hold="5m"), "- - 5 5", "1m") == at("1m")


def test_within_an_excursion_it_is_its_start() -> None:
    watch = watching(above=8.0, hold="1m", max_gap="9m")
    assert anchored(watch, "5 5 9 9 9 - 9 5", "5m") == at("2m")
    assert anchored(watch, "5 5 9 -x7 9", "3m") == at("2m")
    assert anchored(watch, "5 5 9 9 -x90", "80m") == at("2m")


def test_elsewhere_it_is_longest_hold_and_gap_before() -> None:
    watch = a_watch(
        a_period(a_level(above=8.0, hold="5m"), max_gap="2m"),
        a_period(a_level(above=8.0, hold="1m"), max_gap="3m", since="1m"),
        a_period(None, version=None, since="2m"),
    )
    assert anchored(watch, "5x20 - 5", "20m") == at("12m")


def test_where_that_lies_in_an_excursion_it_is_its_end() -> None:
    watch = watching(above=8.0, hold="3m", max_gap="2m")
    assert anchored(watch, "5x3 9x5 5 5 - 5", "10m") == at("8m")


def test_where_that_lies_at_the_end_of_an_excursion_it_stays_there() -> None:
    watch = watching(above=8.0, hold="3m", max_gap="2m")
    assert anchored(watch, "9x5 5x5 - 5", "10m") == at("5m")


def test_readings_without_value_do_not_hide_a_streak() -> None:
    watch = watching(above=8.0, hold="4m", max_gap="3m")
    *stored, late = series(START, "1m", "9 9 9 bad bad 9")
    start = anchor(watch, stored[-1].time, late.time, [])
    folded = [reading for reading in [*stored, late] if reading.time >= start]
    assert excursions(watch, folded) == excursions(watch, [*stored, late]) != []
