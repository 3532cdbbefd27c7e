"""Refused messages as a reader wants them: the newest of each kind, made legible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ingest.refusals import REMEDIES, Reason
from storage.connections import Refused

CUT: Final = 600
"""Bytes of a refused payload that are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """Refusals of one kind: how many of those looked through, and the newest."""

    id: str
    """The same for the same kind."""
    newest: Refused
    count: int
    topic: str
    field: str | None
    """Where in the payload."""
    raw: str | None
    remedy: tuple[str, str]
    """Chinese, English."""


def examples(refused: Iterable[Refused]) -> list[Example]:
    """The newest of each kind, that is of each reason, point and topic."""
    kinds: dict[tuple[str, str | None, str], list[Refused]] = defaultdict(list)
    for one in refused:
        kinds[one.reason, one.point, one.topic].append(one)
    return [
        Example(
            id=sha256(repr(kind).encode()).hexdigest()[:16],
            newest=those[0],
            count=len(those),
            topic=visible(those[0].topic),
            field=_field(those[0]),
            raw=None if those[0].raw is None else legible(those[0].raw),
            remedy=REMEDIES[Reason(those[0].reason)],
        )
        for kind, those in kinds.items()
    ]


def _field(one: Refused) -> str | None:
    """Where in a snapshot the fault is."""
    if one.reason == Reason.BAD_TIME:
        return "time"
    if one.point is None:
        return None
    of = "quality" if one.reason == Reason.BAD_QUALITY else "values"
    return visible(f"{of}.{one.point}")


def legible(raw: bytes) -> str:
    """A payload as text; bytes that are none are shown by their numbers."""
    return visible(raw.decode(errors="backslashreplace"))


def visible(text: str) -> str:
    """`text` with every character that cannot be seen, or turns others around, by its number."""
    return "".join(
        one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in text
    )
