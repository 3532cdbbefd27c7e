"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta()),
        ("15m", timedelta(minutes=15)),
        ("600m", timedelta(minutes=600)),
        ("1h30m", timedelta(minutes=90)),
        ("2d12h", timedelta(days=2.5)),
        ("500ms", timedelta(milliseconds=500)),
        ("1m1ms", timedelta(minutes=1, milliseconds=1)),
    ],
)
def test_durations_are_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


WRONG = ["", "15", "m", "-5m", "1.5h", "30m1h", "5m5m", "1h 30m", "5M", "5m\n", "５m"]


@pytest.mark.parametrize("text", [*WRONG, 90, None])
def test_anything_else_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="write a duration like 0s, 15m or 1h30m, not"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["9999999999d", "9" * 5000 + "s"])
def test_too_long_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is too long"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(minutes=600), "10h"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(days=1, milliseconds=7), "1d7ms"),
    ],
)
def test_durations_are_written_in_one_way(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@pytest.mark.parametrize("milliseconds", [-1, 1.5])
def test_what_cannot_be_written_is_refused(milliseconds: float) -> None:
    with pytest.raises(ValueError, match="whole number of milliseconds"):
        format_duration(timedelta(milliseconds=milliseconds))


@given(st.integers(0, 10**12))
def test_what_was_written_reads_the_same(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration
