"""What the box says of its own deafness. Pure."""

from __future__ import annotations

from alerting.findings.finding import Finding, extent
from domain.listened import Deafness, Listened

DEAF = "deaf"


def judge(
    known: Deafness | None, listened: Listened
) -> tuple[Finding, Deafness] | None:
    """What begins or ends, and the deafness as it is told then; None: no news.

    `known` is the newest that was told, perhaps by a process before this one: it ends as
    soon as the share has listened beyond its start.
    """
    met = listened.deaf
    if known is not None and known.end is None:
        if listened.watermark <= known.start:
            return None
        same = met is not None and met.start == known.start
        end = met.end if same and met else None
        over = Deafness(start=known.start, end=end or listened.watermark)
        return Finding(rule=DEAF, ends=extent(over.start, over.end)), over
    if met is None or (known is not None and met.start <= known.start):
        return None
    detail = extent(met.start, met.end)
    return Finding(rule=DEAF, begins=detail, ends=detail if met.end else None), met
