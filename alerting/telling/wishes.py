"""A subscription as people write it, checked against what the person may see. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, get_args

from domain.errors import InputError
from domain.people import Person, Role, subtree
from domain.regions import PROVINCES
from domain.registry_models import Stage
from domain.rules import Severity
from storage.subscriptions import Wish

STAGES: Final[tuple[str, ...]] = get_args(Stage)
HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
DAYS: Final = re.compile(r"[1-7](-[1-7])?(,[1-7](-[1-7])?)*")


def wished(
    person: Person,
    channel: str,
    *,
    region: str | None = None,
    severity: str = "minor",
    stages: Sequence[str] = (),
    weekdays: str = "",
    hours: str = "",
) -> Wish:
    """The subscription; by default to all that `person` may see, at any time.

    `region` is of GB/T 2260 with all below it; `severity` at least; `weekdays` such as
    `1-5` (1 is Monday) and `hours` such as `08:00-18:00` or `22:00-06:00`, in +08:00.
    Raises InputError.
    """
    low, high = _range(person, region)
    start, end = _minutes(hours)
    return Wish(
        person=person.id,
        channel=channel,
        low=low,
        high=high,
        severity=_severity(severity),
        stages=tuple(_stage(one) for one in dict.fromkeys(stages)),
        weekdays=_days(weekdays),
        from_minute=start,
        to_minute=end,
    )


def _range(person: Person, region: str | None) -> tuple[int, int]:
    """The regions of `region`, within the scope of `person`."""
    if person.disabled:
        raise InputError(
            zh=f"{person.name} 已停用。",
            en=f"{person.name} is disabled.",
        )
    scope = person.scope
    if person.role is Role.ENTERPRISE:
        if region is not None:
            raise InputError(
                zh=f"{person.name} 是企业用户，只接收本企业的通知，不能指定地区。",
                en=f"{person.name} is told of their enterprise alone: give no region.",
            )
        return 0, 999_999
    if region is None:
        return scope.low, scope.high
    if not re.fullmatch(r"[0-9]{6}", region) or region[:2] not in PROVINCES:
        raise InputError(
            zh=f"地区 {region!r}：应为 GB/T 2260 的六位代码。",
            en=(
                f"Region {region!r}: six digits of GB/T 2260 are needed, such as"
                " 330106."
            ),
        )
    wanted = subtree(region)
    if not scope.low <= wanted.low <= wanted.high <= scope.high:
        raise InputError(
            zh=f"地区 {region} 不在 {person.name} 的辖区 {person.region} 之内。",
            en=(
                f"Region {region} is outside {person.region}, which is what"
                f" {person.name} may see."
            ),
        )
    return wanted.low, wanted.high


def _severity(name: str) -> Severity:
    try:
        return Severity[name.upper()]
    except KeyError:
        names = ", ".join(one.name.lower() for one in Severity)
        raise InputError(
            zh=f"级别 {name!r}：应为 {names}。",
            en=f"Severity {name!r}: it is one of {names}.",
        ) from None


def _stage(name: str) -> str:
    if name not in STAGES:
        raise InputError(
            zh=f"环节 {name!r}：应为 {', '.join(STAGES)}。",
            en=f"Stage {name!r}: it is one of {', '.join(STAGES)}.",
        )
    return name


def _days(text: str) -> tuple[int, ...]:
    """`1-5,7` as numbers; empty: all."""
    if not text:
        return ()
    if not DAYS.fullmatch(text):
        raise InputError(
            zh=f"星期 {text!r}：请写成 1-5 或 6,7（1 为周一）。",
            en=f"Weekdays {text!r}: write 1-5, or 6,7 (1 is Monday).",
        )
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if int(last or first) < int(first):
            raise InputError(
                zh=f"星期 {part!r}：较早的一天写在前面。",
                en=f"Weekdays {part!r}: write the earlier one first.",
            )
        days |= set(range(int(first), int(last or first) + 1))
    return tuple(sorted(days))


def _minutes(text: str) -> tuple[int, int]:
    """`08:00-18:00` in minutes of the day; empty: the whole day."""
    if not text:
        return 0, 0
    found = HOURS.fullmatch(text)
    if found is None:
        raise InputError(
            zh=f"时段 {text!r}：请写成 08:00-18:00 或 22:00-06:00。",
            en=f"Hours {text!r}: write 08:00-18:00, or 22:00-06:00.",
        )
    numbers = [int(part) for part in found.groups()]
    start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if start == end:
        raise InputError(
            zh=f"时段 {text!r}：起止相同；全天请留空。",
            en=f"Hours {text!r}: begin and end are the same; leave it out for all day.",
        )
    return start, end
