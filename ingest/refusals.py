"""Why something is refused at the door, and what its sender can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.documents import storable


class Reason(StrEnum):
    """Stable codes: they stand in the database, in receipts and in metrics."""

    UNKNOWN_TOPIC = "unknown_topic"
    UNSUPPORTED_KIND = "unsupported_kind"
    UNKNOWN_DEVICE = "unknown_device"
    WRONG_REGION = "wrong_region"
    UNREADABLE = "unreadable"
    WRONG_SHAPE = "wrong_shape"
    BAD_TIME = "bad_time"
    IN_FUTURE = "in_future"
    TOO_OLD = "too_old"
    UNKNOWN_POINT = "unknown_point"
    NOT_A_NUMBER = "not_a_number"
    BAD_QUALITY = "bad_quality"
    BAD_STATUS = "bad_status"
    REFUSED_BY_DATABASE = "refused_by_database"


REMEDIES: dict[Reason, tuple[str, str]] = {
    Reason.UNKNOWN_TOPIC: (
        "主题应为 blackbox/v1/省/市/县/统一社会信用代码/设备/readings（或 status）",
        "use blackbox/v1/province/prefecture/county/enterprise code/device/readings (or status)",
    ),
    Reason.UNSUPPORTED_KIND: (
        "本版本只接收 readings 和 status",
        "this version takes readings and status only",
    ),
    Reason.UNKNOWN_DEVICE: (
        "请先登记该设备（blackbox registry apply），然后重新接纳",
        "register the device (blackbox registry apply), then readmit",
    ),
    Reason.WRONG_REGION: (
        "主题中的地区须与设备所在场所登记的地区一致",
        "the region in the topic must be the one registered for the device's site",
    ),
    Reason.UNREADABLE: (
        "请发送 UTF-8 编码的 JSON，且同一对象内键不重复",
        "send JSON in UTF-8, no key twice in one object",
    ),
    Reason.WRONG_SHAPE: (
        '请发送 {"time": …, "values": {…}}，或 "snapshots"，或其数组',
        'send {"time": …, "values": {…}}, or "snapshots", or an array of them',
    ),
    Reason.BAD_TIME: (
        "时间用 RFC 3339 并带时区，或毫秒时间戳",
        "write the time as RFC 3339 with offset, or as epoch milliseconds",
    ),
    Reason.IN_FUTURE: (
        "请校准设备时钟；未来 60 秒以外的时间不予接收",
        "set the device's clock; times more than 60 s ahead are refused",
    ),
    Reason.TOO_OLD: (
        "早于可接收期限；如确需补录请联系监管人员",
        "older than what is accepted; ask the supervisor if it must be added",
    ),
    Reason.UNKNOWN_POINT: (
        "请在登记文件中加入该测点，或改正名称",
        "add the point to the registry file, or correct its name",
    ),
    Reason.NOT_A_NUMBER: (
        "数值须为有限的数；无值请用 null，开关状态用 0 和 1",
        "send a finite number; null for no value, 0 and 1 for states",
    ),
    Reason.BAD_QUALITY: (
        "quality 只能是 good、uncertain 或 bad",
        "quality is good, uncertain or bad",
    ),
    Reason.BAD_STATUS: (
        '请发送 {"status": "online"}、"alive" 或 "offline"',
        'send {"status": "online"}, "alive" or "offline"',
    ),
    Reason.REFUSED_BY_DATABASE: (
        "数据库拒绝该数据；原文已保留，请联系运维人员",
        "the database refused this; it is kept raw, ask the operator",
    ),
}
"""(Chinese, English) for every reason."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused message, or one refused reading of a message."""

    reason: Reason
    detail: str
    """What was wrong, with the offending text shortened."""
    field: str | None = None
    """Where in the payload; None where it is the whole message."""
    point: str | None = None
    """Key of the point, as sent, where one reading was refused."""
    time: datetime | None = None


def clean(text: str, limit: int = 200) -> str:
    """`text` as PostgreSQL takes it: no NUL, no lone surrogate; cut after `limit` characters."""
    cut = text[:limit] + "…" if len(text) > limit else text
    return storable(cut)
