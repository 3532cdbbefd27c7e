from __future__ import annotations

import logging

import pytest

from alerting.channels.log import Log
from tests.examples import DELIVERY


async def test_a_notification_is_one_line_of_the_log_in_both_languages(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await Log().send(DELIVERY)
    (record,) = caplog.records
    line = record.getMessage()
    assert record.levelno == logging.WARNING
    assert "\n" not in line
    assert line.startswith("主要告警：冷库温度超出 2–8 °C | 地点：西湖医药有限公司")
    assert "‖ Major alert: cold room outside 2–8 °C | Where: West Lake" in line


async def test_the_line_carries_the_id_that_tells_repetitions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await Log().send(DELIVERY)
    facts = vars(caplog.records[0])
    assert (facts["delivery"], facts["event"]) == ("7-1-webhook-county", "opened")
    assert (facts["recipient"], facts["severity"]) == ("county", "major")
