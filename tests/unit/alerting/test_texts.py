from __future__ import annotations

from dataclasses import replace

import pytest

from alerting.telling.links import linked
from alerting.telling.texts import (
    EVENTS,
    HEADLINES,
    SEVERITIES,
    STATES,
    box_facts,
    text,
)
from domain.alerts import Event, State
from domain.rules import Severity
from domain.text import Text
from rules.words import NOTHING
from tests.examples import ALERT, DEVICE, FACTS, TREND, ended, happen, journal, minutes

OPENED_ZH = """\
主要告警：冷库温度超出 2–8 °C
地点：西湖医药有限公司 · 一号冷库 · 3号记录仪 · 温度
时间：自 2026-11-22 17:25:00 起（北京时间，+08:00）
程度：峰值 9.3 °C（2026-11-22 17:29:00），判定条件 > 8 °C
依据：GSP 附录《温湿度自动监测》
现场电话：0571-8888 0000
编号：7-1"""

OPENED_EN = """\
Major alert: cold room outside 2–8 °C
Where: West Lake Pharma Ltd · Cold store 1 · logger 3 · temperature
When: since 2026-11-22 17:25:00 (Beijing time, +08:00)
How bad: peak 9.3 °C (at 2026-11-22 17:29:00), trigger > 8 °C
Basis: GSP appendix on monitoring
Site telephone: 0571-8888 0000
Number: 7-1"""

SESSION_LOST_EN = """\
Major alert: the box's session at the message broker was lost, data may be missing
Where: the black box itself
When: since 2026-11-22 17:30:00 (Beijing time, +08:00)
What to do: senders that keep messages until the receipt lose nothing; check the others against their own records
Number: 7-1"""

SESSION_LOST_ZH = """\
主要告警：黑匣子在消息代理上的会话丢失，可能有数据未送达
对象：黑匣子自身
时间：自 2026-11-22 17:30:00 起（北京时间，+08:00）
处置：凡保留消息至收到回执的发送方均无数据丢失；其余发送方请核对其本地记录
编号：7-1"""


CHANNELS_ZH = """\
主要告警：通知渠道不通，有关人员可能收不到通知
对象：黑匣子自身
时间：自 2026-11-22 17:30:00 起（北京时间，+08:00）
渠道：mail、sms
处置：请检查该渠道的地址、密钥与网络；未送达的通知会在 24 小时内重试，渠道恢复前请以其他方式联系有关人员
编号：7-1"""


def test_an_opened_alert_says_what_where_since_when_how_bad_why_and_whom_to_call() -> (
    None
):
    (opened,) = journal(Event.OPENED)
    assert text(opened, FACTS) == (OPENED_ZH, OPENED_EN)


def test_the_text_ends_with_the_link_where_people_see_the_alert() -> None:
    (opened,) = journal(Event.OPENED)
    link = linked("https://box.example.cn/")
    assert link is not None
    assert text(opened, replace(FACTS, link=link(7))) == (
        f"{OPENED_ZH}\n链接：https://box.example.cn/alerts/7",
        f"{OPENED_EN}\nLink: https://box.example.cn/alerts/7",
    )
    assert linked(None) is None


def test_unreachable_channels_are_named() -> None:
    (opened,) = journal(Event.OPENED)
    alert = replace(ALERT, rule="channel-unreachable", version=None, point=None)
    entry = replace(opened, detail={"channels": {"mail": {}, "sms": {}}})
    assert text(entry, box_facts(alert)).zh == CHANNELS_ZH


@pytest.mark.parametrize(
    ("event", "zh", "en"),
    [
        (Event.RECURRED, "主要告警再次发生：冷库", "Major alert, recurred: cold room"),
        (Event.RETURNED, "主要告警已恢复正常：冷库", "Major alert, back to normal: "),
        (Event.WITHDRAWN, "主要告警已撤销：冷库", "Major alert, withdrawn: cold room"),
        (Event.REVISED, "主要告警已修订：冷库", "Major alert, revised: cold room"),
    ],
)
def test_the_headline_says_what_happened(event: Event, zh: str, en: str) -> None:
    _, entry = journal(Event.OPENED, event)
    told = text(entry, FACTS)
    assert told.zh.startswith(zh)
    assert told.en.startswith(en)


def test_a_worsened_alert_names_its_new_severity() -> None:
    head, _ = happen(ALERT, Event.OPENED)
    _, entry = happen(head, Event.WORSENED, severity=Severity.CRITICAL)
    told = text(entry, FACTS)
    assert told.zh.startswith("升级为严重告警：冷库温度超出")
    assert told.en.startswith("Critical alert, worsened: cold room")


def test_an_ended_excursion_says_from_when_to_when() -> None:
    _, entry = journal(Event.OPENED, Event.RETURNED)
    told = text(entry, ended())
    assert "时间：2026-11-22 17:25:00 至 2026-11-22 17:50:00（北京时间" in told.zh
    assert "When: 2026-11-22 17:25:00 to 2026-11-22 17:50:00 (Beijing" in told.en


def test_a_withdrawal_says_that_late_readings_refute_the_alert() -> None:
    _, entry = journal(Event.OPENED, Event.WITHDRAWN)
    told = text(entry, FACTS)
    assert "说明：后到的读数表明，先前的判定不成立。" in told.zh
    assert "Note: readings that arrived late show that it did not hold." in told.en


def test_what_was_over_before_it_was_found_says_so_with_its_times() -> None:
    (opened,) = journal(Event.OPENED)
    told = text(opened, replace(ended(), found_late=True))
    assert told.zh.startswith("主要告警（发现时已结束）：冷库温度超出")
    assert "时间：2026-11-22 17:25:00 至 2026-11-22 17:50:00" in told.zh
    assert "说明：发现之前已经结束。" in told.zh
    assert told.en.startswith("Major alert, found late: cold room outside")
    assert "When: 2026-11-22 17:25:00 to 2026-11-22 17:50:00" in told.en
    assert "Note: it was over before it was found." in told.en


def test_a_merged_alert_names_the_one_that_goes_on() -> None:
    _, entry = journal(Event.OPENED, Event.MERGED)
    told = text(entry, replace(FACTS, alert=replace(ALERT, merged_into=3)))
    assert told.zh.startswith("主要告警已并入另一告警：")
    assert "它与告警 3 是同一次超限；后续见告警 3。" in told.zh
    assert told.en.startswith("Major alert, merged into another: ")
    assert "it is one with alert 3, where it is followed from now on." in told.en


def expected(latest: float | None) -> Text:
    """What is told of a trend that reaches its limit at `latest` minutes at the latest."""
    assert TREND.forecast is not None
    forecast = replace(
        TREND.forecast,
        reached_between=(minutes(90), None if latest is None else minutes(latest)),
    )
    (opened,) = journal(Event.OPENED)
    facts = replace(FACTS, excursion=replace(TREND, forecast=forecast))
    zh, en = (
        next(line for line in told.splitlines() if "95 %" in line)
        for told in text(opened, facts)
    )
    return Text(zh, en)


def test_a_trend_says_when_the_limit_is_reached_and_how_sure_that_is() -> None:
    assert expected(180) == Text(
        "预计：2026-11-22 19:30:00 达到 8 °C"
        "（95 % 区间 2026-11-22 19:00:00 至 2026-11-22 20:30:00）",
        "Expected to reach 8 °C at 2026-11-22 19:30:00"
        " (95 % interval 2026-11-22 19:00:00 to 2026-11-22 20:30:00)",
    )
    assert expected(None) == Text(
        "预计：2026-11-22 19:30:00 达到 8 °C"
        "（95 % 区间：最早 2026-11-22 19:00:00，也可能不会达到）",
        "Expected to reach 8 °C at 2026-11-22 19:30:00"
        " (95 % interval: 2026-11-22 19:00:00 at the earliest, perhaps never)",
    )


@pytest.mark.parametrize("unknown", [{"reached": None}, {"reached_between": None}])
def test_a_trend_says_no_more_than_is_known(unknown: dict[str, None]) -> None:
    assert TREND.forecast is not None
    forecast = replace(TREND.forecast, **unknown)
    (opened,) = journal(Event.OPENED)
    told = text(opened, replace(FACTS, excursion=replace(TREND, forecast=forecast)))
    assert ("Expected" in told.en) is (forecast.reached is not None)
    assert "95 %" not in told.en


def test_an_acknowledgement_says_by_whom_and_why() -> None:
    head, _ = happen(ALERT, Event.OPENED)
    _, entry = happen(head, Event.ACKNOWLEDGED, actor="王芳", reason="已派人到场")
    told = text(entry, FACTS)
    assert told.zh.startswith("主要告警已确认：")
    assert "操作人：王芳\n理由：已派人到场" in told.zh
    assert "By: 王芳\nReason: 已派人到场" in told.en


def test_a_lost_session_is_told_as_the_boxs_own_matter() -> None:
    (opened,) = journal(Event.OPENED)
    alert = replace(ALERT, rule="session-lost", point=None, opened_at=minutes(0))
    assert text(opened, box_facts(alert)) == (SESSION_LOST_ZH, SESSION_LOST_EN)


def test_what_happened_to_the_box_and_is_over_is_told_with_its_time() -> None:
    (opened,) = journal(Event.OPENED)
    again = replace(opened, event=Event.RECURRED, at=minutes(10))
    alert = replace(ALERT, rule="session-lost", point=None, returned_at=minutes(10))
    told = text(again, box_facts(alert))
    assert "时间：2026-11-22 17:40:00（北京" in told.zh
    assert "When: 2026-11-22 17:40:00 (Beijing" in told.en


def test_what_has_no_amount_is_told_by_its_limit_alone() -> None:
    (opened,) = journal(Event.OPENED)
    limit = Text("15 分钟没有消息", "no message for 15 min")
    told = text(opened, replace(FACTS, amount=NOTHING, limit=limit))
    assert "How bad: trigger no message for 15 min" in told.en
    assert "程度：判定条件 15 分钟没有消息" in told.zh


def test_a_finding_about_a_device_says_where_it_is_and_from_when_to_when() -> None:
    detail = {"from": minutes(-60).isoformat(), "to": minutes(0).isoformat()}
    (opened,) = journal(Event.OPENED)
    alert = replace(ALERT, rule="conflict", version=None, point=None)
    told = text(replace(opened, detail=detail), box_facts(alert, DEVICE))
    assert told.en.splitlines()[1:3] == [
        "Where: West Lake Pharma Ltd · Cold store 1 · logger 3",
        "When: 2026-11-22 16:30:00 to 2026-11-22 17:30:00 (Beijing time, +08:00)",
    ]
    assert "处置：请核查设备的时钟" in told.zh
    assert "现场电话：0571-8888 0000" in told.zh


def test_every_event_state_and_severity_has_its_words() -> None:
    assert set(HEADLINES) == set(EVENTS) == set(Event)
    assert set(STATES) == set(State)
    assert set(SEVERITIES) == set(Severity)


def test_a_part_that_fails_keeps_nobody_from_being_told_the_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    detail = {"missed": "nonsense", "due": "not a time"}
    entry = replace(journal(Event.OPENED, Event.OVERDUE)[-1], detail=detail)
    told = text(entry, FACTS)
    assert told.en.splitlines()[1:] == [*OPENED_EN.splitlines()[1:-1], "Number: 7-2"]
    assert "alert 7, entry 2: no text" in caplog.text
