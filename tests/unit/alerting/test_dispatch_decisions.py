from __future__ import annotations

import logging
from dataclasses import replace

from alerting.channels import TransportError
from alerting.dispatcher import judge
from storage.deliveries import Outcome
from tests.examples import DELIVERY
from tests.examples import OPENED as NOW

LATER = TransportError("HTTP 503: busy", permanent=False)
NEVER = TransportError("HTTP 410: gone", permanent=True)


def test_no_failure_means_delivered() -> None:
    assert judge(DELIVERY, None, NOW) == (Outcome.DELIVERED, "", None, logging.INFO)


def test_a_temporary_failure_is_tried_again_and_says_why() -> None:
    result = judge(DELIVERY, LATER, NOW)
    assert result.outcome is Outcome.RETRY
    assert result.due is not None
    assert result.due > NOW
    assert result.detail == "HTTP 503: busy; attempt 1 failed, next in 0:00:05"


def test_earlier_attempts_make_the_wait_longer() -> None:
    first, third = (
        judge(replace(DELIVERY, attempts=n), LATER, NOW).due for n in (0, 2)
    )
    assert first is not None
    assert third is not None
    assert third - NOW == 4 * (first - NOW)


def test_a_permanent_failure_ends_it() -> None:
    result = judge(DELIVERY, NEVER, NOW)
    assert (result.outcome, result.due) == (Outcome.FAILED, None)
    assert result.detail == "HTTP 410: gone; permanent error"
    assert result.level == logging.ERROR
