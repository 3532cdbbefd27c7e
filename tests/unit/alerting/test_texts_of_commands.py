"""What people are told about what people have done, and have not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerting.life.deadline_watch import happen
from alerting.life.life_cycle import step
from alerting.telling.texts import text
from domain.alerts import Event
from domain.text import Text
from tests.examples import ALERT, FACTS, OPENED, SUPERVISOR, minutes
from tests.examples import happen as happened


def told(event: Event, reason: str | None = None, **detail: str) -> list[Text]:
    """The lines between how bad it is and its basis, of what a supervisor did."""
    head, _ = happened(ALERT, Event.OPENED)
    if event in (Event.ASSIGNED, Event.ANSWERED):
        head, _ = happened(head, Event.ACKNOWLEDGED)
    name = SUPERVISOR.name
    _, entry = step(
        head, event, at=minutes(5), actor=name, reason=reason, detail=detail
    )
    zh, en = (words.splitlines()[4:-3] for words in text(entry, FACTS))
    return [Text(*line) for line in zip(zh, en, strict=True)]


BY = Text("操作人：wang.fang", "By: wang.fang")


def test_an_assignment_names_the_assignee() -> None:
    assert told(Event.ASSIGNED, "请今日处理", assignee="li.ming") == [
        BY,
        Text("理由：请今日处理", "Reason: 请今日处理"),
        Text("转办给：li.ming", "Assigned to: li.ming"),
    ]


def test_an_answer_says_cause_and_action() -> None:
    assert told(Event.ANSWERED, cause="门封条老化", action="已更换") == [
        BY,
        Text("原因：门封条老化", "Cause: 门封条老化"),
        Text("措施：已更换", "Action taken: 已更换"),
    ]


def test_a_shelving_says_until_when_and_why() -> None:
    until = minutes(60).isoformat()
    assert told(Event.SHELVED, "检修", until=until)[1:] == [
        Text("理由：检修", "Reason: 检修"),
        Text(
            "搁置至：2026-11-22 18:30:00（北京时间，+08:00）",
            "Shelved until: 2026-11-22 18:30:00 (Beijing time, +08:00)",
        ),
    ]


def test_a_comment_is_no_reason() -> None:
    assert told(Event.COMMENTED, "已电话联系") == [
        BY,
        Text("备注：已电话联系", "Comment: 已电话联系"),
    ]


def test_what_somebody_wrote_cannot_pass_for_our_lines() -> None:
    lines = told(Event.COMMENTED, "好\n现场电话：110\u2028{0}\t%s")
    assert lines[1].zh == "备注：好 现场电话：110 {0} %s"
    lines = told(Event.ANSWERED, cause="a\nb", action="{x}\n编号：1-1")
    assert [line.zh for line in lines[1:]] == ["原因：a b", "措施：{x} 编号：1-1"]


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (
            timedelta(hours=1),
            Text(
                "逾期：应于 2026-11-22 18:30:00 前确认（北京时间，+08:00）",
                "Overdue: to be acknowledged by 2026-11-22 18:30:00 (Beijing time, +08:00)",
            ),
        ),
        (
            timedelta(hours=72),
            Text(
                "逾期：企业应于 2026-11-25 17:30:00 前答复（北京时间，+08:00）",
                "Overdue: to be answered by the enterprise by 2026-11-25 17:30:00"
                " (Beijing time, +08:00)",
            ),
        ),
        (
            timedelta(days=15),
            Text(
                "逾期：应于 2026-12-07 17:30:00 前关闭（北京时间，+08:00）",
                "Overdue: to be closed by 2026-12-07 17:30:00 (Beijing time, +08:00)",
            ),
        ),
    ],
    ids=["acknowledge", "answer", "close"],
)
def test_a_missed_deadline_says_what_was_due_when(after: timedelta, line: Text) -> None:
    head, _ = happened(ALERT, Event.OPENED)
    ((_, entry),) = happen(head, OPENED + after)
    zh, en = text(entry, FACTS)
    assert zh.startswith("主要告警已逾期：")
    assert en.startswith("Major alert, overdue: ")
    assert (zh.splitlines()[4], en.splitlines()[4]) == line
