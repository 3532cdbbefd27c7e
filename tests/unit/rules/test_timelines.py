"""The threshold rule, told as series of readings a minute apart."""

from __future__ import annotations

from domain.readings import slots
from domain.rules import Severity
from rules.engine import advance
from rules.watch import IDLE, Watch
from tests.series import START, at, between, series
from tests.unit.rules.builders import a_level, a_period, a_watch, excursions, watching


def spans(watch: Watch, text: str) -> list[object]:
    found = excursions(watch, series(START, "1m", text))
    return [(excursion.start, excursion.end) for excursion in found]


def peaks(watch: Watch, text: str) -> list[object]:
    found = excursions(watch, series(START, "1m", text))
    return [(excursion.peak, excursion.peak_time) for excursion in found]


# Limits


def test_excursion_lasts_from_first_violating_to_first_clearing_reading() -> None:
    assert spans(watching(above=8.0), "5x3 8.1x4 5x2") == [between("3m", "7m")]


def test_value_at_exclusive_limit_is_inside() -> None:
    assert spans(watching(above=8.0), "8.0x5") == []
    assert spans(watching(below=2.0), "2.0x5") == []


def test_value_at_inclusive_limit_violates() -> None:
    upper = watching(above=7.5, inclusive=True)
    lower = watching(below=2.5, inclusive=True)
    assert spans(upper, "7.4 7.5 7.4") == [between("1m", "2m")]
    assert spans(lower, "2.6 2.5 2.6") == [between("1m", "2m")]


def test_values_are_judged_at_the_resolution_of_the_point() -> None:
    assert spans(watching(above=8.0), "8.04 8.06 8.04") == [between("1m", "2m")]


def test_both_limits_mean_outside() -> None:
    watch = watching(below=2.0, above=8.0)
    assert spans(watch, "1.9 5 8.1 5") == [between("0s", "1m"), between("2m", "3m")]


def test_from_below_to_above_without_a_good_reading_is_one_excursion() -> None:
    assert spans(watching(below=2.0, above=8.0), "1 9 1 5") == [between("0s", "3m")]


def test_excursion_that_does_not_end_is_open() -> None:
    assert spans(watching(above=8.0), "5 8.1x3") == [between("1m")]


# Hold


def test_excursion_opens_when_hold_time_has_passed_exactly() -> None:
    watch = watching(above=8.0, hold="3m")
    assert spans(watch, "5 9 9 9 5") == []
    assert spans(watch, "5 9 9 9 9 5") == [between("1m", "5m")]


def test_reading_that_does_not_violate_ends_what_is_pending() -> None:
    watch = watching(above=8.0, hold="2m")
    assert spans(watch, "9 9 8.0 9 9 8.0") == []


def test_pending_is_not_open_until_the_hold_has_passed() -> None:
    watch, state, opened = watching(above=8.0, hold="2m"), IDLE, list[bool]()
    for slot in slots(series(START, "1m", "9 9 9"), 0.1):
        state, _ = advance(watch, state, slot)
        opened.append(state.open is not None)
    assert opened == [False, False, True]


# Deadband


def test_open_excursion_ends_only_clear_of_the_deadband() -> None:
    watch = watching(above=8.0, deadband=0.2)
    assert spans(watch, "8.1 7.9 8.0 7.9 7.8 5") == [between("0s", "4m")]


def test_deadband_of_inclusive_limit_must_be_passed() -> None:
    watch = watching(above=8.0, inclusive=True, deadband=0.2)
    assert spans(watch, "8.0 7.8 7.7") == [between("0s", "2m")]


def test_deadband_of_lower_limit_is_mirrored() -> None:
    watch = watching(below=2.0, deadband=0.3)
    assert spans(watch, "1.9 2.2 2.3") == [between("0s", "2m")]


def test_deadband_does_not_count_before_opening() -> None:
    watch = watching(above=8.0, deadband=0.2, hold="2m")
    assert spans(watch, "8.1 8.1 7.9 8.1 8.1") == []


def test_deadbands_compare_as_decimals() -> None:
    for limit in range(1, 200):
        watch = watching(above=limit / 10, deadband=0.3)
        text = f"{(limit + 1) / 10} {(limit - 3) / 10}"
        assert spans(watch, text) == [between("0s", "1m")], limit


# Gaps


def test_pending_streak_starts_again_after_a_longer_gap() -> None:
    watch = watching(above=8.0, hold="4m", max_gap="2m")
    assert spans(watch, "9 9 - - 9 9 9 9") == []
    assert spans(watch, "9 9 - - 9 9 9 9 9") == [between("4m")]


def test_gap_of_exactly_max_gap_keeps_the_streak() -> None:
    watch = watching(above=8.0, hold="4m", max_gap="2m")
    assert spans(watch, "9 9 - 9 9") == [between("0s")]


def test_gap_does_not_end_an_open_excursion() -> None:
    assert spans(watching(above=8.0), "9 -x60 9 5") == [between("0s", "62m")]


def test_readings_without_value_neither_violate_nor_clear() -> None:
    watch = watching(above=8.0, hold="2m")
    assert spans(watch, "bad null bad null") == []
    assert spans(watch, "9 bad 9 null 9 5") == [between("0s", "5m")]


def test_readings_without_value_do_not_shorten_a_gap() -> None:
    watch = watching(above=8.0, hold="3m", max_gap="2m")
    assert spans(watch, "9 bad null 9") == []


def test_uncertain_values_are_judged() -> None:
    assert spans(watching(above=8.0), "5 8.1? 5?") == [between("1m", "2m")]


# Peak


def test_peak_is_the_value_farthest_beyond_the_limits_and_its_time() -> None:
    watch = watching(below=2.0, above=8.0)
    assert peaks(watch, "8.1 9.0 0.5 8.5 5") == [(0.5, at("2m"))]


def test_of_equal_peaks_the_first_counts() -> None:
    watch = watching(below=2.0, above=8.0, hold="3m")
    assert peaks(watch, "8.3 1.7 8.3 1.7 1.7 8.3") == [(8.3, at("0s"))]
    assert peaks(watch, "1.7 8.3 1.7 8.3 8.3 1.7") == [(1.7, at("0s"))]


def test_peak_counts_readings_before_opening_and_within_the_deadband() -> None:
    watch = watching(above=8.0, hold="2m", deadband=1.0)
    assert peaks(watch, "9.9 8.1 8.1 7.5 8.5 7.0") == [(9.9, at("0s"))]


def test_clearing_reading_is_not_a_peak() -> None:
    watch = a_watch(
        a_period(a_level(above=8.0)),
        a_period(a_level(above=2.0), since="1m", version="v2"),
    )
    assert peaks(watch, "8.1 7.9")[0] == (8.1, at("0s"))


# Changes of the timeline


def test_nothing_violates_before_the_first_period() -> None:
    watch = a_watch(a_period(a_level(above=8.0), since="2m"))
    assert spans(watch, "9 9 9") == [between("2m")]


def test_nothing_violates_where_no_level_is_in_force() -> None:
    watch = a_watch(
        a_period(None, version=None),
        a_period(a_level(above=8.0), since="1m"),
        a_period(None, since="3m", version=None),
        a_period(a_level(above=8.0, hold="3m"), since="4m"),
    )
    assert spans(watch, "9 5 9 5 9 9") == [between("2m", "3m")]


def test_each_reading_is_judged_by_the_period_of_its_own_time() -> None:
    watch = a_watch(
        a_period(a_level(above=8.0)),
        a_period(a_level(above=10.0), since="2m", version="v2"),
    )
    found = excursions(watch, series(START, "1m", "9 5 9 11 5"))
    assert [(e.version, e.start) for e in found] == [("v1", at("0s")), ("v2", at("3m"))]


def test_open_excursion_keeps_its_version_to_its_end() -> None:
    watch = a_watch(
        a_period(a_level(above=8.0, deadband=0.2, severity="minor")),
        a_period(a_level(above=10.0), since="1m", version="v2"),
        a_period(None, since="2m", version=None),
    )
    (found,) = excursions(watch, series(START, "1m", "8.1 7.9 7.9 7.8"))
    assert (found.version, found.severity) == ("v1", Severity.MINOR)
    assert (found.start, found.end) == between("0s", "3m")


def test_streak_goes_on_across_a_change_with_the_new_hold_and_version() -> None:
    watch = a_watch(
        a_period(a_level(above=8.0, hold="10m")),
        a_period(a_level(above=8.5, hold="3m"), since="3m", version="v2"),
    )
    (found,) = excursions(watch, series(START, "1m", "9.9 8.1 9 9 9"))
    assert (found.version, found.start) == ("v2", at("0s"))
    assert (found.peak, found.peak_time) == (9.9, at("0s"))


def test_gap_is_judged_by_the_period_of_the_reading_after_it() -> None:
    level = a_level(above=8.0, hold="3m")
    wider = a_watch(a_period(level), a_period(level, since="1m", max_gap="5m"))
    narrower = a_watch(a_period(level, max_gap="5m"), a_period(level, since="1m"))
    assert spans(wider, "9 - - 9") == [between("0s")]
    assert spans(narrower, "9 - - 9") == []


def test_clearing_reading_may_begin_the_next_streak_under_tighter_limits() -> None:
    watch = a_watch(
        a_period(a_level(above=8.0)),
        a_period(a_level(above=6.0), since="1m", version="v2"),
    )
    assert spans(watch, "9 7 5") == [between("0s", "1m"), between("1m", "2m")]


def test_peak_is_measured_by_the_limits_of_the_opening_version() -> None:
    watch = a_watch(
        a_period(a_level(below=2.0, above=4.0, hold="10m")),
        a_period(a_level(below=2.0, above=8.0, hold="1m"), since="1m", version="v2"),
    )
    assert peaks(watch, "7.0 1.5") == [(1.5, at("1m"))]
