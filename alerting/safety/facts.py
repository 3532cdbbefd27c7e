"""What a safety code is judged by: the facts of an enterprise at one time. Pure.

Open is an alert that is neither withdrawn nor closed: one whose signal has returned is open
until somebody has closed it. Shelved ones count; of what nobody is told (suppressed,
inhibited), nothing does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final, NamedTuple


class Counts(NamedTuple):
    """Of alerts, by severity."""

    critical: int = 0
    major: int = 0
    minor: int = 0


NO_ALERTS: Final = Counts()


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of an enterprise. Points and devices: those in use."""

    points: int
    uncalibrated: tuple[int, ...] = ()
    """Numbers of the points past their calibration."""
    devices: int = 0
    """With a point in use."""
    silent: tuple[int, ...] = ()
    """Numbers of the devices without a message for more than 24 h."""
    silent_sites: tuple[int, ...] = ()
    """Numbers of the sites all of whose devices are silent."""
    open: Counts = NO_ALERTS
    overdue: Counts = NO_ALERTS
    """Of the open alerts, those with a deadline that has passed unmet."""
    critical_for: timedelta | None = None
    """How long the oldest critical alert has been open; None: there is none."""
    due: int = 0
    """Cadence slots of the last 7 full days (`alerting/safety/completeness.py`)."""
    filled: int = 0
    """Of these, with a value that is not bad."""
    deaf: bool = False
    """A share that listens to one of its sites has been deaf for more than 10 min."""
    high_risk: bool = False
    """It handles a high-risk class of products."""

    @property
    def assessed(self) -> bool:
        """Whether there is anything to judge by."""
        return self.points > 0 and not self.deaf

    @property
    def completeness(self) -> float:
        """C: filled ÷ due. Where nothing was due yet, nothing is missing: 1."""
        return self.filled / self.due if self.due else 1.0

    @property
    def silent_share(self) -> float:
        """Silent devices ÷ devices."""
        return len(self.silent) / self.devices if self.devices else 0.0

    @property
    def uncalibrated_share(self) -> float:
        """K: points past their calibration ÷ points."""
        return len(self.uncalibrated) / self.points if self.points else 0.0

    def document(self) -> dict[str, Any]:
        """As JSON has them: `critical_for` in seconds."""
        return {
            **{one.name: getattr(self, one.name) for one in fields(self)},
            "open": self.open._asdict(),
            "overdue": self.overdue._asdict(),
            "critical_for": self.critical_for and self.critical_for.total_seconds(),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Facts:
        """What `document` made; further members are passed over."""
        known: dict[str, Any] = {one.name: document[one.name] for one in fields(cls)}
        for name in ("uncalibrated", "silent", "silent_sites"):
            known[name] = tuple(known[name])
        for name in ("open", "overdue"):
            known[name] = Counts(**known[name])
        lasting = known.pop("critical_for")
        critical_for = None if lasting is None else timedelta(seconds=lasting)
        return cls(critical_for=critical_for, **known)
