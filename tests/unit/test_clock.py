from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from blackbox.clock import Clock, real_now
from domain.errors import SettingsError
from tests.clock import START, ManualClock

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_real_clock_shows_real_time_in_utc():
    before, now, after = real_now(), Clock.real().now(), real_now()
    assert before <= now <= after
    assert now.utcoffset() == timedelta(0)


def test_accelerated_clock_runs_factor_times_as_fast_as_real_time():
    clock = Clock(origin=NOON, started=real_now() - timedelta(seconds=10), factor=360)
    assert timedelta(hours=1) <= clock.now() - NOON < timedelta(hours=1, minutes=10)


def test_resumed_clock_goes_on_from_where_it_was_left():
    left_at = NOON + timedelta(hours=5)
    assert (
        left_at
        <= Clock.resume(left_at, factor=60).now()
        < left_at + timedelta(minutes=5)
    )


@pytest.mark.parametrize("clock", [Clock.real(), Clock.resume(NOON, factor=1 / 3)])
def test_text_of_a_clock_gives_a_child_process_the_same_clock(clock: Clock):
    assert Clock.parse(str(clock)) == clock


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2026-07-01 2026-07-01 sixty",
        "2026-07-01T00:00+00:00 2026-07-01T00:00+00:00 0",
        "2026-07-01T00:00+00:00 2026-07-01T00:00+00:00 nan",
        "2026-07-01T00:00 2026-07-01T00:00 1",
        "9999-12-31T00:00+00:00 2020-07-01T00:00+00:00 9e9",
    ],
)
def test_text_that_is_no_clock_is_refused_by_naming_it(text: str):
    with pytest.raises(SettingsError, match=re.escape(f"clock {text!r}")):
        Clock.parse(text)


def test_elapsed_is_real_time_whatever_the_factor():
    clock = Clock.resume(NOON, factor=1e6)
    first, second = clock.elapsed(), clock.elapsed()
    assert 0 <= second - first < 1


async def test_sleep_until_never_wakes_before_the_time():
    clock = Clock.resume(NOON, factor=3600)
    when = NOON + timedelta(minutes=2)
    await clock.sleep_until(when)
    assert clock.now() >= when


async def test_sleep_until_a_time_that_has_passed_returns_at_once():
    await asyncio.wait_for(Clock.real().sleep_until(NOON - timedelta(days=365 * 50)), 1)


async def test_manual_clock_stands_still_until_it_is_moved():
    clock = ManualClock()
    sleeper = asyncio.create_task(clock.sleep_until(START + timedelta(minutes=10)))
    await asyncio.sleep(0)
    clock.advance(minutes=9)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(minutes=1)
    await sleeper
    assert clock.elapsed() == 600
