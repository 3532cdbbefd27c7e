"""Coverage: a site whose GSP zones fewer than three people are told of is itself a finding.

The appendix of GSP on automatic monitoring of temperature and humidity asks that an alarm
reach at least three designated people.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from alerting.findings.finding import Finding, Findings, extent
from alerting.timed import Timed
from domain.gsp import PEOPLE, STAGES, ZONES
from domain.people import subtree
from domain.rules import Severity
from storage import coverage
from storage.unit import Connection, Unit

RULE: Final = "few-recipients"
PAUSE: Final = 60.0
"""Real seconds between two looks."""
PIECE: Final = 200
"""Findings in one unit: a tick must not keep the intake waiting."""


class Coverage(Timed):
    """Judges the sites of one share by who would be told of their alerts."""

    def __init__(
        self,
        findings: Findings,
        elapsed: Callable[[], float],
        *,
        region: str = "",
        people: int = PEOPLE,
    ) -> None:
        """Judge the sites whose region (GB/T 2260) begins with `region`.

        `elapsed` is real, monotonic, in seconds. Fewer than `people` are too few.
        """
        self._findings = findings
        self._elapsed = elapsed
        self._regions = subtree(region)
        self._people = people
        self._next = float("-inf")
        self._found: list[Finding] = []

    async def due(self, connection: Connection, share: int, now: datetime) -> bool:
        """Whether a finding begins or ends; looked at once a minute, when all is written."""
        del share
        if not self._found and self._elapsed() >= self._next:
            self._next = self._elapsed() + PAUSE
            self._found = await self._look(connection, now)
        return bool(self._found)

    async def tick(self, unit: Unit, now: datetime) -> None:
        """Write a piece of what `due` has found."""
        piece, self._found = self._found[:PIECE], self._found[PIECE:]
        await self._findings.follow(unit, piece, now)

    def forget(self) -> None:
        """Look again at once."""
        self._next, self._found = float("-inf"), []

    async def _look(self, connection: Connection, now: datetime) -> list[Finding]:
        thin = await coverage.thin(
            connection,
            self._regions,
            now,
            zones=ZONES,
            stages=STAGES,
            severity=Severity.MAJOR,
            people=self._people,
        )
        known = await coverage.known(connection, self._regions, RULE)
        goes_on = {site.site for site in known}
        still = {(one.site.site, one.site.enterprise) for one in thin}
        begins = [
            Finding(
                rule=RULE,
                site=one.site,
                begins={
                    **extent(now, None),
                    "zones": one.zones,
                    "people": one.people,
                },
            )
            for one in thin
            if one.site.site not in goes_on
        ]
        ends = [
            Finding(rule=RULE, site=site, ends=extent(since, now))
            for site, since in known.items()
            if (site.site, site.enterprise) not in still
        ]
        return begins + ends
