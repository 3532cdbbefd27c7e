"""What the simulators ask of a clock. The composition hands one down."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Domain time, which may run faster, and real time."""

    def now(self) -> datetime:
        """Domain time, aware."""
        ...

    def elapsed(self) -> float:
        """Real, monotonic time in seconds."""
        ...

    async def sleep_until(self, moment: datetime, /) -> None:
        """Return when domain time has reached `moment`; at once if it has."""
        ...
