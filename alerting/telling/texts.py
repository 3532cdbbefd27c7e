"""What people are told about an alert, in Chinese and English. Pure."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final, TypeAlias

from domain.alerts import (
    SYSTEM,
    Alert,
    DeviceSubject,
    Event,
    JournalEntry,
    SiteSubject,
    State,
    Subject,
)
from domain.excursions import Excursion, Forecast
from domain.rules import Severity
from domain.text import Text
from rules.words import NOTHING, number

LOGGER: Final = logging.getLogger(__name__)
BEIJING: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What there is to say about an alert."""

    alert: Alert
    what: Text
    """What the rule watches for."""
    basis: Text
    """The legal or process basis of the rule; where none is in the catalogue, what to do."""
    subject: SiteSubject | None = None
    """A site, a device or a point; None: the box itself."""
    excursion: Excursion | None = None
    """The one to tell of: the worst of what is new, else of all; or the last it had."""
    limit: Text = NOTHING
    """What violates: `> 8 °C`, `≥ 0.5 °C/h · reaching 8 °C within 2 h`."""
    amount: Text = NOTHING
    """The peak as its kind of rule says it: `8.1 °C`, `45 min`; empty: nothing to say."""
    found_late: bool = False
    """What is told of was over before it was found."""
    link: str = ""
    """Where people find the alert; empty: nobody has said under which address."""


Part: TypeAlias = Callable[[JournalEntry, Facts], Iterator[Text]]
"""A part of a text: its lines."""

SEVERITIES: Final = {
    Severity.MINOR: Text("一般", "Minor"),
    Severity.MAJOR: Text("主要", "Major"),
    Severity.CRITICAL: Text("严重", "Critical"),
}
EVENTS: Final = {
    Event.OPENED: Text("触发", "opened"),
    Event.WORSENED: Text("升级", "worsened"),
    Event.EASED: Text("降级", "eased"),
    Event.RETURNED: Text("恢复", "returned"),
    Event.RECURRED: Text("再次发生", "recurred"),
    Event.REVISED: Text("修订", "revised"),
    Event.WITHDRAWN: Text("撤销", "withdrawn"),
    Event.MERGED: Text("并入", "merged"),
    Event.ACKNOWLEDGED: Text("确认", "acknowledged"),
    Event.ASSIGNED: Text("转办", "assigned"),
    Event.ANSWERED: Text("答复", "answered"),
    Event.SENT_BACK: Text("退回", "sent back"),
    Event.CLOSED: Text("关闭", "closed"),
    Event.SHELVED: Text("搁置", "shelved"),
    Event.UNSHELVED: Text("解除搁置", "unshelved"),
    Event.COMMENTED: Text("备注", "commented"),
    Event.OVERDUE: Text("逾期", "overdue"),
}
BEGINS: Final = frozenset({Event.OPENED, Event.WORSENED, Event.RECURRED})
UNOPENED: Final = Text("未触发", "not opened yet")
SIGNALS: Final = {
    "active": Text("进行中", "active"),
    "returned": Text("已恢复", "returned"),
    "withdrawn": Text("已撤销", "withdrawn"),
    "merged": Text("已并入", "merged"),
}
WORK: Final = {
    "unacknowledged": Text("未确认", "unacknowledged"),
    "acknowledged": Text("已确认", "acknowledged"),
    "assigned": Text("已转办", "assigned"),
    "answered": Text("已答复", "answered"),
    "closed": Text("已关闭", "closed"),
}
STATES: Final = {
    state: Text(
        f"{SIGNALS[state.signal].zh}·{WORK[state.work].zh}",
        f"{SIGNALS[state.signal].en}, {WORK[state.work].en}",
    )
    for state in State
}
HEADLINES: Final = {
    Event.OPENED: Text("{}告警", "{} alert"),
    Event.WORSENED: Text("升级为{}告警", "{} alert, worsened"),
    Event.EASED: Text("降级为{}告警", "{} alert, eased"),
    Event.RETURNED: Text("{}告警已恢复正常", "{} alert, back to normal"),
    Event.RECURRED: Text("{}告警再次发生", "{} alert, recurred"),
    Event.REVISED: Text("{}告警已修订", "{} alert, revised"),
    Event.WITHDRAWN: Text("{}告警已撤销", "{} alert, withdrawn"),
    Event.MERGED: Text("{}告警已并入另一告警", "{} alert, merged into another"),
    Event.ACKNOWLEDGED: Text("{}告警已确认", "{} alert, acknowledged"),
    Event.ASSIGNED: Text("{}告警已转办", "{} alert, assigned"),
    Event.ANSWERED: Text("{}告警已答复", "{} alert, answered"),
    Event.SENT_BACK: Text("{}告警的答复已退回", "{} alert, answer sent back"),
    Event.CLOSED: Text("{}告警已关闭", "{} alert, closed"),
    Event.SHELVED: Text("{}告警已搁置", "{} alert, shelved"),
    Event.UNSHELVED: Text("{}告警不再搁置", "{} alert, no longer shelved"),
    Event.COMMENTED: Text("{}告警有新备注", "{} alert, commented"),
    Event.OVERDUE: Text("{}告警已逾期", "{} alert, overdue"),
}
FOUND_LATE: Final = Text("（发现时已结束）", ", found late")
"""What the headline adds about what was over before it was found."""
ASIDE: Final = {
    "assignee": Text("转办给：{}", "Assigned to: {}"),
    "cause": Text("原因：{}", "Cause: {}"),
    "action": Text("措施：{}", "Action taken: {}"),
}
"""What people's commands say, by its name in the journal's detail."""
SHELVED: Final = Text(
    "搁置至：{}（北京时间，+08:00）", "Shelved until: {} (Beijing time, +08:00)"
)
MISSED: Final = {
    "acknowledge": Text(
        "逾期：应于 {} 前确认（北京时间，+08:00）",
        "Overdue: to be acknowledged by {} (Beijing time, +08:00)",
    ),
    "answer": Text(
        "逾期：企业应于 {} 前答复（北京时间，+08:00）",
        "Overdue: to be answered by the enterprise by {} (Beijing time, +08:00)",
    ),
    "close": Text(
        "逾期：应于 {} 前关闭（北京时间，+08:00）",
        "Overdue: to be closed by {} (Beijing time, +08:00)",
    ),
}
"""By what should have been done."""
WITHDRAWAL: Final = Text(
    "说明：后到的读数表明，先前的判定不成立。",
    "Note: readings that arrived late show that it did not hold.",
)
MERGER: Final = Text(
    "说明：后到的读数表明，它与告警 {0} 是同一次超限；后续见告警 {0}。",
    "Note: readings that arrived late show that it is one with alert {0},"
    " where it is followed from now on.",
)
LATENESS: Final = Text(
    "说明：发现之前已经结束。", "Note: it was over before it was found."
)
BOX: Final = {
    "session-lost": (
        Text(
            "黑匣子在消息代理上的会话丢失，可能有数据未送达",
            "the box's session at the message broker was lost, data may be missing",
        ),
        Text(
            "凡保留消息至收到回执的发送方均无数据丢失；其余发送方请核对其本地记录",
            "senders that keep messages until the receipt lose nothing;"
            " check the others against their own records",
        ),
    ),
    "unjudged": (
        Text(
            "黑匣子已保存读数但无法判定，可能有超限未被发现",
            "the box stored readings that it could not judge, an excursion may go unseen",
        ),
        Text(
            "请人工查看有关测点，并将日志交给运维人员",
            "look at the points concerned yourself, and give the log to the operator",
        ),
    ),
    "deaf": (
        Text(
            "黑匣子失聪：未能接收消息，其间的异常可能尚未发现",
            "the box was deaf: it took in no messages, trouble may be unseen so far",
        ),
        Text(
            "请检查消息代理、数据库与网络；设备补传的数据会照常判定",
            "check message broker, database and network;"
            " what devices send later is judged as ever",
        ),
    ),
    "blind": (
        Text(
            "黑匣子无法完整判定随时间出现的情况（设备失联、告警逾期等），可能有遗漏",
            "the box cannot judge all that time brings (silent devices, deadlines and the like),"
            " something may go unseen",
        ),
        Text(
            "请人工核对各设备最近的上报时间和未关闭的告警，并将日志交给运维人员；读数照常保存和判定",
            "check yourself when each device last reported and which alerts are open, and give"
            " the log to the operator;"
            " readings are kept and judged as ever",
        ),
    ),
    "channel-unreachable": (
        Text(
            "通知渠道不通，有关人员可能收不到通知",
            "a channel of notifications fails, people may not be told",
        ),
        Text(
            "请检查该渠道的地址、密钥与网络；未送达的通知会在 24 小时内重试，"
            "渠道恢复前请以其他方式联系有关人员",
            "check the channel's address, its keys and the network; what is owed is tried"
            " for 24 h; until it works, reach the people concerned by other means",
        ),
    ),
    "conflict": (
        Text(
            "设备对同一测点同一时刻报送了不同的数值",
            "the device sent different values for the same point and time",
        ),
        Text(
            "请核查设备的时钟、配置与数据来源；各数值均已留存并参与判定",
            "check the device's clock, configuration and source;"
            " all values are kept and judged",
        ),
    ),
    "clock-ahead": (
        Text(
            "设备时钟超前，来自未来的读数未予接收",
            "the device's clock is ahead, readings from the future were refused",
        ),
        Text(
            "请校准设备时钟，然后重新发送被拒绝的读数",
            "set the device's clock, then send again what was refused",
        ),
    ),
    "few-recipients": (
        Text(
            "现场有 GSP 温湿度库区，但会收到其告警的人员不足三人",
            "the site has zones under GSP, but fewer than three people would be told"
            " of their alerts",
        ),
        Text(
            "请为该现场补足告警接收人；依据：GSP 附录《温湿度自动监测》，"
            "报警信息应当发给至少 3 名指定人员",
            "let more people be told of this site's alerts; basis: the GSP appendix on"
            " automatic monitoring of temperature and humidity asks that at least three"
            " designated people be told",
        ),
    ),
}
"""What happened and what to do, by the key of rules that are not in the catalogue."""


def box_facts(alert: Alert, subject: SiteSubject | None = None) -> Facts:
    """The facts of an alert by a rule that is not in the catalogue, of whatever subject."""
    what, remedy = BOX[alert.rule]
    return Facts(alert=alert, what=what, basis=remedy, subject=subject)


def text(entry: JournalEntry, facts: Facts) -> Text:
    """The notification of `entry`: a headline, then a line for each thing to know."""
    lines = [
        _headline(entry, facts),
        *(line for part in PARTS for line in _said(part, entry, facts)),
    ]
    return Text(
        "\n".join(line.zh for line in lines), "\n".join(line.en for line in lines)
    )


def _said(part: Part, entry: JournalEntry, facts: Facts) -> list[Text]:
    """The lines of `part`; none where it fails, a fault of ours: the rest is told all the same."""
    try:
        return list(part(entry, facts))
    except Exception:
        LOGGER.exception("alert %s, entry %s: no text", entry.alert, entry.n)
        return []


def shown(time: datetime) -> str:
    """`time` as people here read it: in +08:00, to the second."""
    return f"{time.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def _headline(entry: JournalEntry, facts: Facts) -> Text:
    headline, severity = HEADLINES[entry.event], SEVERITIES[entry.severity]
    late = FOUND_LATE if facts.found_late else Text("", "")
    return Text(
        f"{headline.zh.format(severity.zh)}{late.zh}：{facts.what.zh}",
        f"{headline.en.format(severity.en)}{late.en}: {facts.what.en}",
    )


def _where(_: JournalEntry, facts: Facts) -> Iterator[Text]:
    subject = facts.subject
    if subject is None:
        yield Text("对象：黑匣子自身", "Where: the black box itself")
        return
    zh = [subject.enterprise_zh, subject.site_zh]
    en = [subject.enterprise_en, subject.site_en]
    if isinstance(subject, DeviceSubject):
        zh.append(subject.device_zh)
        en.append(subject.device_en)
    if isinstance(subject, Subject):
        zh.append(subject.point_zh)
        en.append(subject.point_en)
    yield Text(f"地点：{' · '.join(zh)}", f"Where: {' · '.join(en)}")


def _extent(entry: JournalEntry, facts: Facts) -> tuple[datetime, datetime | None]:
    """From when to when: of the excursion, or of a finding as its journal says."""
    if facts.excursion is not None:
        return facts.excursion.start, facts.excursion.end
    start, end = (entry.detail.get(name) for name in ("from", "to"))
    if start is not None:
        began = datetime.fromisoformat(start)
        return began, datetime.fromisoformat(end) if end else None
    # What happened at a time, and was over: the last time that it did.
    began = entry.at if entry.event in BEGINS else facts.alert.opened_at
    return began, facts.alert.returned_at


def _when(entry: JournalEntry, facts: Facts) -> Iterator[Text]:
    began, ended = _extent(entry, facts)
    start = shown(began)
    if ended is None:
        yield Text(
            f"时间：自 {start} 起（北京时间，+08:00）",
            f"When: since {start} (Beijing time, +08:00)",
        )
        return
    end = shown(ended)
    if end == start:
        yield Text(
            f"时间：{start}（北京时间，+08:00）",
            f"When: {start} (Beijing time, +08:00)",
        )
        return
    yield Text(
        f"时间：{start} 至 {end}（北京时间，+08:00）",
        f"When: {start} to {end} (Beijing time, +08:00)",
    )


def _how_bad(_: JournalEntry, facts: Facts) -> Iterator[Text]:
    excursion = facts.excursion
    if excursion is None:
        return
    peak = Text("", "")
    if facts.amount != NOTHING:
        time = shown(excursion.peak_time)
        peak = Text(
            f"峰值 {facts.amount.zh}（{time}），",
            f"peak {facts.amount.en} (at {time}), ",
        )
    yield Text(
        f"程度：{peak.zh}判定条件 {facts.limit.zh}",
        f"How bad: {peak.en}trigger {facts.limit.en}",
    )


def _forecast(_: JournalEntry, facts: Facts) -> Iterator[Text]:
    """When a trend reaches its limit, and how sure that is."""
    forecast, subject = facts.excursion and facts.excursion.forecast, facts.subject
    if not (forecast and forecast.reached and forecast.limit is not None):
        return
    assert isinstance(subject, Subject), "a forecast is of a point"
    limit, time = f"{number(forecast.limit)} {subject.unit}", shown(forecast.reached)
    between = _between(forecast)
    yield Text(
        f"预计：{time} 达到 {limit}{between.zh}",
        f"Expected to reach {limit} at {time}{between.en}",
    )


def _between(forecast: Forecast) -> Text:
    """The 95 % interval of `forecast`, in brackets."""
    if forecast.reached_between is None:
        return Text("", "")
    earliest, latest = forecast.reached_between
    if latest is None:
        return Text(
            f"（95 % 区间：最早 {shown(earliest)}，也可能不会达到）",
            f" (95 % interval: {shown(earliest)} at the earliest, perhaps never)",
        )
    return Text(
        f"（95 % 区间 {shown(earliest)} 至 {shown(latest)}）",
        f" (95 % interval {shown(earliest)} to {shown(latest)})",
    )


def _note(entry: JournalEntry, facts: Facts) -> Iterator[Text]:
    if facts.found_late:
        yield LATENESS
    if entry.event is Event.WITHDRAWN:
        yield WITHDRAWAL
    if entry.event is Event.MERGED:
        yield Text(*(text.format(facts.alert.merged_into) for text in MERGER))
    if entry.actor != SYSTEM:
        yield Text(f"操作人：{entry.actor}", f"By: {entry.actor}")
    if entry.reason:
        reason = one_line(entry.reason)
        if entry.event is Event.COMMENTED:
            yield Text(f"备注：{reason}", f"Comment: {reason}")
        else:
            yield Text(f"理由：{reason}", f"Reason: {reason}")


def _command(entry: JournalEntry, _: Facts) -> Iterator[Text]:
    """What a command said besides its reason, and what was not done in time."""
    detail = entry.detail
    for name, words in ASIDE.items():
        if entry.event in (Event.ASSIGNED, Event.ANSWERED) and name in detail:
            yield _filled(words, one_line(detail[name]))
    if entry.event is Event.SHELVED and "until" in detail:
        yield _filled(SHELVED, _shown(detail["until"]))
    if entry.event is Event.OVERDUE and "missed" in detail:
        yield _filled(MISSED[detail["missed"]], _shown(detail["due"]))


def one_line(text: str) -> str:
    """What somebody wrote, so that it cannot pass for lines of ours."""
    return " ".join(text.split())


def _filled(words: Text, content: str) -> Text:
    return Text(*(text.format(content) for text in words))


def _shown(time: str) -> str:
    """A time of the journal's detail."""
    return shown(datetime.fromisoformat(time))


def _basis(_: JournalEntry, facts: Facts) -> Iterator[Text]:
    if facts.alert.rule in BOX:
        yield Text(f"处置：{facts.basis.zh}", f"What to do: {facts.basis.en}")
    else:
        yield Text(f"依据：{facts.basis.zh}", f"Basis: {facts.basis.en}")
    if facts.subject is not None:
        yield Text(
            f"现场电话：{facts.subject.telephone}",
            f"Site telephone: {facts.subject.telephone}",
        )


def _link(_: JournalEntry, facts: Facts) -> Iterator[Text]:
    if facts.link:
        yield Text(f"链接：{facts.link}", f"Link: {facts.link}")


def _number(entry: JournalEntry, _: Facts) -> Iterator[Text]:
    yield Text(f"编号：{entry.alert}-{entry.n}", f"Number: {entry.alert}-{entry.n}")


def _channels(entry: JournalEntry, _: Facts) -> Iterator[Text]:
    """Which channels fail, where that is what is told."""
    if names := "、".join(entry.detail.get("channels", ())):
        yield Text(f"渠道：{names}", f"Channels: {names.replace('、', ', ')}")


PARTS: Final[tuple[Part, ...]] = (
    _where,
    _when,
    _how_bad,
    _forecast,
    _channels,
    _note,
    _command,
    _basis,
    _number,
    _link,
)
"""The lines below the headline, in their order; a part may have nothing to say."""
