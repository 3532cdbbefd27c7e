"""The grounds on which a safety code is not green: one table. Pure.

The first that holds decides the colour; all that hold are told.
"""

# ruff: noqa: PLR2004 - this table is where the limits are defined

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from alerting.safety.facts import Facts
from domain.text import Text

LINKED: Final = 20
"""A reason names so many of its devices, points or sites; it counts them all."""

Link: TypeAlias = Mapping[str, Any]
"""Where a reason leads: `alerts` (a filter), or numbers of `devices`, `points` or `sites`."""
Leads: TypeAlias = Callable[[Facts], Link]


class Colour(StrEnum):
    """Of a code, and of the band of an index. From good to bad, after grey."""

    GREY = "grey"
    """Not assessed: neither good nor bad, and never green."""
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Reason(NamedTuple):
    """Why a code is not green."""

    colour: Colour
    """What it alone would make of the code."""
    key: str
    text: Text
    link: Link

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "colour": self.colour.value,
            "key": self.key,
            **self.text._asdict(),
            "link": self.link,
        }


class Ground(NamedTuple):
    """What takes the green from a code."""

    colour: Colour
    key: str
    holds: Callable[[Facts], bool]
    zh: str
    """May name facts as `{f.due}`, and the numbers that `reason` counts."""
    en: str
    leads: Leads = lambda _: {}

    def reason(self, facts: Facts) -> Reason:
        """The ground in words, of an enterprise that it holds for."""
        numbers = {
            "f": facts,
            "overdue": sum(facts.overdue),
            "silent": len(facts.silent),
            "sites": len(facts.silent_sites),
            "uncalibrated": len(facts.uncalibrated),
        }
        text = Text(self.zh.format(**numbers), self.en.format(**numbers))
        return Reason(self.colour, self.key, text, self.leads(facts))


def _alerts(*severities: str, **further: bool) -> Leads:
    """To the enterprise's open alerts of these severities, or of all."""
    chosen = {"severity": list(severities)} if severities else {}
    return lambda _: {"alerts": {**chosen, **further}}


def _devices(f: Facts) -> Link:
    return {"devices": list(f.silent[:LINKED])}


def _sites(f: Facts) -> Link:
    return {"sites": list(f.silent_sites[:LINKED])}


def _points(f: Facts) -> Link:
    return {"points": list(f.uncalibrated[:LINKED])}


# fmt: off
GROUNDS: Final = (
    Ground(
        Colour.GREY, "no-points", lambda f: not f.points,
        "没有在用的监测点，未评估",
        "No point is in use: not assessed",
    ),
    Ground(
        Colour.GREY, "deaf", lambda f: f.deaf,
        "黑匣子自身收不到消息已超过 10 分钟，未评估",
        "The box itself has not heard anything for more than 10 min: not assessed",
    ),
    Ground(
        Colour.RED, "critical-long",
        lambda f: f.critical_for is not None and f.critical_for > timedelta(hours=1),
        "严重告警超过 1 小时未关闭（未关闭的严重告警 {f.open.critical} 条）",
        "A critical alert has been open for more than 1 h (critical alerts open: {f.open.critical})",
        _alerts("critical"),
    ),
    Ground(
        Colour.RED, "critical-overdue", lambda f: f.overdue.critical > 0,
        "严重告警逾期 {f.overdue.critical} 条",
        "Critical alerts overdue: {f.overdue.critical}",
        _alerts("critical", overdue=True),
    ),
    Ground(
        Colour.RED, "majors-overdue", lambda f: f.overdue.major >= 3,
        "主要告警逾期 {f.overdue.major} 条（3 条及以上）",
        "Major alerts overdue: {f.overdue.major} (3 or more)",
        _alerts("major", overdue=True),
    ),
    Ground(
        Colour.RED, "data-missing", lambda f: f.completeness < 0.80,
        "近 7 日数据完整率低于 80%（应有 {f.due} 条，实有 {f.filled} 条）",
        "Data of the last 7 days less than 80 % complete ({f.filled} of {f.due} due)",
    ),
    Ground(
        Colour.RED, "site-silent", lambda f: bool(f.silent_sites),
        "全部设备失联超过 24 小时的场所 {sites} 处",
        "Sites with all devices silent for more than 24 h: {sites}",
        _sites,
    ),
    Ground(
        Colour.RED, "most-uncalibrated", lambda f: f.uncalibrated_share > 0.50,
        "校准过期的监测点超过一半（{uncalibrated}/{f.points}）",
        "More than half of the points past their calibration ({uncalibrated} of {f.points})",
        _points,
    ),
    Ground(
        Colour.YELLOW, "alerts-open", lambda f: f.open.critical + f.open.major > 0,
        "未关闭的严重告警 {f.open.critical} 条、主要告警 {f.open.major} 条",
        "Alerts open: {f.open.critical} critical, {f.open.major} major",
        _alerts("critical", "major"),
    ),
    Ground(
        Colour.YELLOW, "overdue", lambda f: any(f.overdue),
        "逾期告警共 {overdue} 条",
        "Alerts overdue: {overdue}",
        _alerts(overdue=True),
    ),
    Ground(
        Colour.YELLOW, "data-gaps", lambda f: 0.80 <= f.completeness < 0.95,
        "近 7 日数据完整率低于 95%（应有 {f.due} 条，实有 {f.filled} 条）",
        "Data of the last 7 days less than 95 % complete ({f.filled} of {f.due} due)",
    ),
    Ground(
        Colour.YELLOW, "device-silent", lambda f: bool(f.silent),
        "失联超过 24 小时的设备 {silent} 台",
        "Devices silent for more than 24 h: {silent}",
        _devices,
    ),
    Ground(
        Colour.YELLOW, "uncalibrated", lambda f: 0 < f.uncalibrated_share <= 0.50,
        "校准过期的监测点 {uncalibrated} 个",
        "Points past their calibration: {uncalibrated}",
        _points,
    ),
    Ground(
        Colour.YELLOW, "minors-open", lambda f: f.open.minor >= 5,
        "未关闭的一般告警 {f.open.minor} 条（5 条及以上）",
        "Minor alerts open: {f.open.minor} (5 or more)",
        _alerts("minor"),
    ),
)
# fmt: on
