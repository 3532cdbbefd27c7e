"""An enterprise: its safety code and why, its sites, and what waits for its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, LiteralString
from urllib.parse import urlencode

from alerting.safety import code as safety
from alerting.safety.facts import Facts
from alerting.safety.grounds import Colour
from dashboard.display import Display
from dashboard.house import House
from dashboard.parts.alert.shown import Shown, shown
from domain.gsp import STAGES, ZONES
from domain.people import EVERYTHING, Person
from domain.rules import Severity
from storage import alert_list, coverage, places
from storage.alert_list import Filter as Alerts
from storage.places import Change, EnterpriseLine, Filter, SiteLine, SiteState, Thing
from storage.unit import Connection

SITES: Final = 100
CHANGES: Final = 12
ALERTS: Final = 3
"""That are shown of many: the page has more to say."""
UNANSWERED: Final = {"work": "unanswered", "severity": Severity.MAJOR}
"""What the enterprise is to answer: minor alerts have no deadline for that."""
ALL: Final = 2**31 - 1
"""More people than there are: whoever has fewer told is everybody."""
LEADS: Final[Mapping[str, LiteralString]] = {
    "devices": "/devices/",
    "points": "/points/",
    "sites": "/sites/",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """Where a reason leads."""

    address: str
    thing: Thing | None
    """None: to alerts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a code is not green."""

    colour: str
    zh: str
    en: str
    leads: Sequence[Lead]


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """Alerts of an enterprise or a site that wait: the inbox has the same."""

    severities: Mapping[str, int]
    overdue: int
    worst: Sequence[Shown]
    """The `ALERTS` most pressing: of those that go on before all others, overdue first."""

    @property
    def open(self) -> int:
        """How many there are."""
        return sum(self.severities.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What the page shows."""

    line: EnterpriseLine
    colour: Colour
    reasons: Sequence[Reason]
    facts: Facts | None
    """None: never judged, or by another formula."""
    costs: Mapping[str, float]
    """What its troubles take off the score."""
    changes: Sequence[Change]
    sites: Sequence[SiteLine]
    states: Mapping[int, SiteState]
    told: Mapping[int, int]
    """People told of a site's alerts; sites without a GSP zone are left out."""
    waiting: Work
    """For the enterprise's answer."""
    work: Work


async def view(
    connection: Connection, code: str, here: House, show: Display, person: Person
) -> View | None:
    """The enterprise of that code; None: there is none that `person` sees."""
    line = await places.enterprise(connection, code)
    if line is None:
        return None
    sites = await places.sites(
        connection, Filter(enterprise=code), after=None, limit=SITES
    )
    numbers = [site.id for site in sites]
    current = line.formula == safety.FORMULA
    facts = Facts.read(line.facts) if current else None
    alerts = Alerts(enterprise=code, shelved=False, suppressed=False)
    return View(
        line=line,
        colour=standing(line, here.real_now()),
        reasons=[await _reason(connection, code, one) for one in line.reasons or ()],
        facts=facts,
        costs=safety.costs(facts) if facts else {},
        changes=await places.past(connection, line.id, CHANGES),
        sites=sites,
        states=await places.site_states(connection, numbers),
        told=await told(connection, numbers, show.now),
        waiting=await work(connection, replace(alerts, **UNANSWERED), show, person),
        work=await work(connection, alerts, show, person),
    )


def standing(line: EnterpriseLine, real_now: datetime) -> Colour:
    """The colour as it is shown."""
    return safety.standing(Colour(line.safety or Colour.GREY), line.beat_at, real_now)


async def work(
    connection: Connection, wanted: Alerts, show: Display, person: Person
) -> Work:
    """The open alerts that `wanted` names."""
    counts = await alert_list.counts(connection, wanted)
    lines: list[alert_list.AlertLine] = []
    for signal in ("active", "returned"):  # what goes on must not stand below the fold
        part = replace(wanted, signal=signal)
        rest = ALERTS - len(lines)
        lines += await alert_list.page(
            connection, part, after=None, limit=rest, order="overdue"
        )
    return Work(
        severities={
            Severity(one.severity).name.lower(): one.alerts
            for one in sorted(counts, key=lambda one: -one.severity)
        },
        overdue=sum(one.overdue for one in counts),
        worst=await shown(connection, lines, show, person),
    )


async def told(
    connection: Connection, sites: Sequence[int], now: datetime
) -> dict[int, int]:
    """How many people would be told of a major alert of each site with a GSP zone."""
    found = await coverage.thin(
        connection,
        EVERYTHING,
        now,
        zones=ZONES,
        stages=STAGES,
        severity=Severity.MAJOR,
        people=ALL,
        sites=sites,
    )
    return {one.site.site: one.people for one in found}


async def _reason(connection: Connection, code: str, reason: Any) -> Reason:
    """A reason, with what it leads to as far as it is seen."""
    link = reason["link"]
    leads = [
        Lead(address=f"{address}{thing.id}", thing=thing)
        for kind, address in LEADS.items()
        if kind in link
        for thing in await places.things(connection, kind, link[kind])
    ]
    if "alerts" in link:
        leads = [Lead(address=alerts_address(code, link["alerts"]), thing=None)]
    return Reason(
        colour=reason["colour"], zh=reason["zh"], en=reason["en"], leads=leads
    )


def alerts_address(code: str, wanted: Mapping[str, Any]) -> str:
    """The inbox with the open alerts of an enterprise that a reason names."""
    query = {"enterprise": code}
    if wanted.get("severity"):
        query["severity"] = wanted["severity"][-1]
    if wanted.get("overdue"):
        query["overdue"] = "true"
    return f"/alerts?{urlencode(query)}"
