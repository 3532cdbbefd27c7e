"""The language of hand-written series."""

from __future__ import annotations

import pytest

from simulators.series import Sample, at, parse_series


def test_each_word_is_one_interval_and_x_repeats_it() -> None:
    assert parse_series("5.0x2 -x2 null 9.9! -0.5") == (
        Sample(5.0),
        Sample(5.0),
        None,
        None,
        Sample(None),
        Sample(9.9, bad=True),
        Sample(-0.5),
    )


def test_last_word_goes_on() -> None:
    series = parse_series("5.0 8.1")
    assert [at(series, n) for n in (0, 1, 2, 99)] == [
        Sample(5.0),
        Sample(8.1),
        Sample(8.1),
        Sample(8.1),
    ]


def test_ramp_takes_even_steps_and_ends_where_it_says() -> None:
    values = [
        sample.value for sample in parse_series("3.57~3.66x4 8.0~7.9!x2") if sample
    ]
    assert values == [3.57, 3.6, 3.63, 3.66, 8.0, 7.9]
    assert parse_series("5.0~6.0") == (Sample(5.0),)


@pytest.mark.parametrize(
    "word",
    [
        "warm",
        "5.0x0",
        "5.0x",
        "5,0",
        "-!",
        "5.0 x3",
        "NaN",
        "-~5.0",
        "null~5.0",
        "5.0~",
    ],
)
def test_unreadable_word_is_named(word: str) -> None:
    with pytest.raises(ValueError, match="is no word of a series"):
        parse_series(f"5.0 {word}")


def test_empty_series_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one word"):
        parse_series("  ")
