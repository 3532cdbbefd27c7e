"""Entries of the registry under maintenance windows and changes of owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.registry import InUse, Setting
from domain.timelines import Held, Window, held, in_force
from tests.series import at

C, L, M, E = InUse.COMMISSIONED, InUse.LOADED, InUse.IN_MAINTENANCE, InUse.EMPTY


def setting(since: str, in_use: InUse = C, zone: str = "cold") -> Setting:
    return Setting(
        valid_from=at(since),
        zone=zone,
        interval=timedelta(minutes=1),
        max_gap=timedelta(minutes=3),
        in_use=in_use,
        rules=("v1",),
        calibration_due=date(2026, 12, 31),
    )


def entries(*settings: Setting) -> dict[datetime, Setting]:
    return {one.valid_from: one for one in settings}


def test_nothing_comes_of_nothing() -> None:
    assert held({}, [Window(at("1h"), at("2h"))], [at("3h")]) == []


def test_a_window_holds_from_its_begin_until_its_end() -> None:
    assert held(entries(setting("0s")), [Window(at("1h"), at("2h"))], []) == [
        Held(setting("0s"), C),
        Held(setting("1h", M), None),
        Held(setting("2h"), None),
    ]


def test_entries_within_a_window_keep_everything_but_in_use() -> None:
    own = entries(setting("0s"), setting("90m", L, "cool"))
    assert held(own, [Window(at("1h"), at("2h"))], []) == [
        Held(setting("0s"), C),
        Held(setting("1h", M), None),
        Held(setting("90m", M, "cool"), L),
        Held(setting("2h", L, "cool"), None),
    ]


def test_an_entry_where_a_window_ends_holds_as_it_is() -> None:
    own = entries(setting("0s"), setting("2h", E))
    assert held(own, [Window(at("1h"), at("2h"))], [])[-1] == Held(setting("2h", E), E)


def test_windows_that_touch_are_one_after_the_other() -> None:
    windows = [Window(at("1h"), at("2h")), Window(at("2h"), at("3h"))]
    found = held(entries(setting("0s")), windows, [])
    assert [one.setting.in_use for one in found] == [C, M, M, C]


def test_before_the_first_entry_nothing_holds() -> None:
    found = held(entries(setting("90m")), [Window(at("1h"), at("2h"))], [at("30m")])
    assert [(one.setting.valid_from, one.setting.in_use) for one in found] == [
        (at("90m"), M),
        (at("2h"), C),
    ]


def test_what_holds_is_stated_anew_where_the_owner_changes() -> None:
    assert held(entries(setting("0s", L)), [], [at("1h")]) == [
        Held(setting("0s", L), L),
        Held(setting("1h", L), None),
    ]


HOURS = st.integers(0, 40).map(lambda n: at("0s") + timedelta(hours=n))
SETTINGS = st.builds(
    lambda since, in_use, zone: replace(setting("0s", in_use, zone), valid_from=since),
    HOURS, st.sampled_from(InUse), st.sampled_from(["cold", "cool"]),
)  # fmt: skip
WINDOWS = st.builds(
    lambda t, n: Window(t, t + timedelta(hours=n)), HOURS, st.integers(1, 5)
)


@given(
    st.lists(SETTINGS),
    st.lists(WINDOWS, max_size=3),
    st.lists(HOURS, max_size=2),
    HOURS,
)
def test_at_any_time_the_entries_hold_but_for_windows(
    settings: list[Setting],
    windows: list[Window],
    handovers: list[datetime],
    time: datetime,
) -> None:
    own = entries(*settings)
    found = {
        one.setting.valid_from: one.setting for one in held(own, windows, handovers)
    }
    expected = in_force(own, time)
    if expected and any(window.begins <= time < window.ends for window in windows):
        expected = replace(expected, in_use=M)
    assert in_force(found, time) == expected
