"""Who judges: the intake is handed an observer and does not know who it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from domain.brought import Brought
from domain.listened import Listened
from domain.registry import Registry
from domain.rules import RuleVersion
from storage.unit import Connection, Unit


class Timed(Protocol):
    """Judges one sort of what time alone brings. It fails for itself alone."""

    async def due(
        self, connection: Connection, share: int, listened: Listened, now: datetime
    ) -> bool:
        """Whether time has brought anything to be written. Asked in every round: cheap."""
        ...

    async def tick(self, unit: Unit, now: datetime) -> None:
        """Write what `due` has found just before in `unit`."""
        ...

    def forget(self) -> None:
        """Its unit was rolled back: remember nothing of it."""
        ...


class Observer(Protocol):
    """Judges what an intake brings, within its transaction, and what time alone brings."""

    @property
    def timed(self) -> Sequence[Timed]:
        """Who judges time."""
        ...

    def install(self, registry: Registry, versions: Mapping[str, RuleVersion]) -> None:
        """Judge by this registry and these rule versions from now on.

        What is remembered of committed units may be kept, what `due` has found may not.
        """
        ...

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Judge what was freshly brought; write what follows from it in `unit`."""
        ...

    async def about_the_box(
        self, unit: Unit, rule: str, detail: Mapping[str, Any], now: datetime
    ) -> None:
        """Something happened to the box itself (`session-lost`, `unjudged`, `blind`)."""
        ...

    def committed(self) -> None:
        """The unit is committed: what was observed in it may be remembered."""
        ...

    def forget(self) -> None:
        """A unit was rolled back or its commit is in doubt: remember nothing."""
        ...
