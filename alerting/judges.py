"""All who judge, as one: readings by the rules, devices and the box by the ticker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerting.findings.finding import Findings
from alerting.findings.ticker import Ticker
from alerting.following.evaluator import Evaluator
from alerting.timed import Timed
from domain.brought import Brought
from domain.listened import Listened
from domain.registry import Registry
from domain.rules import RuleVersion
from storage.unit import Connection, Unit


@dataclass(frozen=True, slots=True)
class Unhearing:
    """A `Timed` as the ingest loop drives it: it is no matter how far the share has listened."""

    by: Timed

    async def due(
        self, connection: Connection, share: int, listened: Listened, now: datetime
    ) -> bool:
        """Whether there is anything to write."""
        del listened
        return await self.by.due(connection, share, now)

    async def tick(self, unit: Unit, now: datetime) -> None:
        """Write what `due` has found."""
        await self.by.tick(unit, now)

    def forget(self) -> None:
        """Drop all that is remembered."""
        self.by.forget()


class Judges:
    """What the intake is handed: an `ingest.observer.Observer`. One per ingestor."""

    def __init__(
        self,
        evaluator: Evaluator,
        ticker: Ticker,
        findings: Findings,
        timed: Sequence[Timed] = (),
    ) -> None:
        """Let each judge its own; `findings` tells of what happens to the box."""
        self._evaluator = evaluator
        self._ticker = ticker
        self._findings = findings
        self._timed = timed
        self.timed = (ticker, *map(Unhearing, timed))
        """Who judges time: each for itself."""

    def install(self, registry: Registry, versions: Mapping[str, RuleVersion]) -> None:
        """Judge by this registry and these rule versions from now on."""
        self._evaluator.install(registry, versions)
        self._ticker.install(registry, versions)
        for timed in self._timed:
            timed.forget()

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Judge what an intake has brought."""
        await self._evaluator.observe(unit, brought, now)
        await self._ticker.observe(unit, brought, now)
        for timed in self._timed:
            await timed.observe(unit, brought, now)

    async def about_the_box(
        self, unit: Unit, rule: str, detail: Mapping[str, Any], now: datetime
    ) -> None:
        """Raise one of the box's own alerts."""
        await self._findings.occurred(unit, rule, detail, now)

    def committed(self) -> None:
        """The unit is committed: let everybody remember it."""
        self._evaluator.committed()
        self._ticker.committed()

    def forget(self) -> None:
        """Let everybody forget."""
        self._evaluator.forget()
        self._ticker.forget()
        for timed in self._timed:
            timed.forget()
