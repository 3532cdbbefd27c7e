"""How a device's connection is judged, and what it is told to send: without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.pages.connections.judging import State, checks, clock, observed, state
from dashboard.pages.connections.recipe import example
from dashboard.pages.connections.refused import legible
from dashboard.texts import Texts
from domain.quantities import QUANTITIES
from ingest.refusals import Reason
from storage.connections import Heard, Measured, PointLine

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def heard(minutes: float, *, refusing: bool = False, will: bool = False) -> Heard:
    return Heard(device=1, at=NOW - minutes * MINUTE, refusing=refusing, will=will)


def arriving(*delays: float) -> list[Measured]:
    """One reading a minute, each in an intake of its own, so many seconds after."""
    times = [NOW + n * MINUTE for n in range(len(delays))]
    return [
        Measured(1, time, n, time + timedelta(seconds=delay))
        for n, (time, delay) in enumerate(zip(times, delays, strict=True))
    ]


@pytest.mark.parametrize(
    ("last", "interval", "expected"),
    [
        (None, MINUTE, "never"),
        (heard(15), MINUTE, "receiving"),
        (heard(16), MINUTE, "silent"),
        (heard(149), 30 * MINUTE, "receiving"),
        (heard(151), 30 * MINUTE, "silent"),
        (heard(1, refusing=True), None, "refusing"),
        (heard(16, refusing=True), None, "silent"),
        (heard(1, will=True), None, "silent"),
    ],
)
def test_a_device_is_in_one_of_four_states(
    last: Heard | None, interval: timedelta | None, expected: State
) -> None:
    assert state(last, interval, NOW) == expected


@pytest.mark.parametrize(
    ("delays", "pace"),
    [
        ((0.2, 0.4, 0.3), "on-time"),
        ((-30, -31, -30), "ahead"),
        ((3600, 3601, 3600), "behind"),
        ((70, 290, 120), "delayed"),
        ((700, 300, 900), "late"),
        ((900,), "late"),
    ],
)
def test_a_clock_is_told_by_how_long_readings_took(
    delays: tuple[float, ...], pace: str
) -> None:
    found = clock(arriving(*delays), MINUTE)
    assert found is not None
    assert found.pace == pace


def test_of_readings_that_come_together_the_newest_tells_the_clock() -> None:
    together = [Measured(1, NOW - n * MINUTE, 7, NOW) for n in range(30)]
    found = clock(together, MINUTE)
    assert found is not None
    assert found.pace == "on-time"
    assert clock([], MINUTE) is None


def test_the_interval_is_the_usual_one_whatever_gap_there_was() -> None:
    readings = [*arriving(0, 0, 0), Measured(1, NOW + 60 * MINUTE, 9, NOW)]
    assert observed(readings) == {1: MINUTE}
    assert observed(readings[:1]) == {}


def test_what_is_not_known_yet_is_neither_right_nor_wrong() -> None:
    found = checks(
        heard=False, clock=None, refusing=False, unseen=["t1"], slow=[], unknown=[]
    )
    assert {one.result for one in found} == {"open"}


def test_a_payload_is_shown_whatever_bytes_it_has() -> None:
    raw = b'{"a\x00": "\xff\xe2\x80\xae", \x1b[2J "\xe6\xb8\xa9"}\n'
    assert legible(raw) == '{"a\\x00": "\\xff\\u202e", \\x1b[2J "温"}\n'


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_has_a_plausible_example(quantity: str) -> None:
    for unit, (low, high) in QUANTITIES[quantity].units.items():
        point = PointLine(
            id=1, device=1, key="x", name_zh="", name_en="", quantity=quantity,
            unit=unit, resolution=1, zone="frozen", interval=None, in_use=None,
        )  # fmt: skip
        assert low <= example(point) <= high


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reason_is_told_in_both_languages(language: str) -> None:
    texts = Texts(language)  # type: ignore[arg-type]
    assert all(texts(f"connections.reason.{reason}") for reason in Reason)
