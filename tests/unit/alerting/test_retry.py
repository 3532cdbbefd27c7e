from __future__ import annotations

from datetime import timedelta

from alerting.retry import FIRST, LONGEST, PATIENCE, GiveUp, Retry, next_attempt
from tests.examples import OPENED as NOW


def waits() -> list[timedelta]:
    """The wait after each failed attempt, until it is given up."""
    found: list[timedelta] = []
    while isinstance(
        decision := next_attempt(len(found) + 1, NOW, permanent=False), Retry
    ):
        found.append(decision.at - NOW)
    return found


def test_the_first_wait_is_short() -> None:
    assert waits()[0] == FIRST


def test_each_wait_is_twice_the_one_before_up_to_an_hour() -> None:
    for before, after in zip(waits(), waits()[1:], strict=False):
        assert after == min(2 * before, LONGEST)


def test_a_failing_delivery_is_given_up_after_a_day() -> None:
    assert PATIENCE <= sum(waits(), timedelta()) < PATIENCE + LONGEST


def test_giving_up_says_after_how_many_attempts() -> None:
    last = len(waits()) + 1
    decision = next_attempt(last, NOW, permanent=False)
    assert isinstance(decision, GiveUp)
    assert f"{last} attempts" in decision.reason


def test_a_permanent_error_is_given_up_at_once() -> None:
    assert next_attempt(1, NOW, permanent=True) == GiveUp(reason="permanent error")


def test_a_retry_says_why() -> None:
    decision = next_attempt(1, NOW, permanent=False)
    assert decision == Retry(at=NOW + FIRST, reason="attempt 1 failed, next in 0:00:05")
