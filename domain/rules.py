"""Rule versions: what a rule said, frozen. The kinds of rule themselves live in `rules/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum


class Severity(IntEnum):
    """Of a rule's level, of an excursion, of an alert. Ordered."""

    MINOR = 1
    MAJOR = 2
    CRITICAL = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleVersion:
    """A rule's content with its limits resolved, named by the hash of that content."""

    version: str
    """SHA-256 (hex, first 16 characters) of `content`."""
    rule: str
    """Key of the rule in the catalogue, the same through all its versions."""
    kind: str
    """Kind of rule: names the module of `rules/` that judges."""
    content: str
    """Canonical JSON of the whole rule: levels with limits, texts, basis."""
    span: timedelta | None = field(default=None, compare=False)
    """The shortest window of its levels; None: none has one, or nobody asked."""
    pairs_over: timedelta | None = field(default=None, compare=False)
    """The longest window of which all pairs of readings are compared; None: as above."""
