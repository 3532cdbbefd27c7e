"""Writing down what happened to alerts: incidents, heads, journal, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerting.following.happened import Happened
from alerting.telling.incidents import Gathering, concerned
from alerting.telling.owing import Telling
from storage import alerts, incidents, journal
from storage.unit import Connection, Unit


async def record(
    unit: Unit, happened: Sequence[Happened], telling: Telling, now: datetime
) -> None:
    """Write what happened to alerts, new or with locked rows; each alert at most once."""
    connection = unit.connection
    gathered = await gather(connection, happened, now)
    new = [one.head for one in gathered if not one.before.entries]
    await alerts.insert(connection, new)
    known = [one.head for one in gathered if one.before.entries]
    await alerts.update(connection, known)
    await journal.append(unit, [entry for one in gathered for entry in one.entries])
    await telling.tell(unit, gathered)


async def gather(
    connection: Connection, happened: Sequence[Happened], now: datetime
) -> list[Happened]:
    """Let alerts form incidents; the same with their incidents."""
    moving = [one for one in happened if concerned(one)]
    if not moving:
        return list(happened)
    sites = {one.head.site for one in moving if one.joins}
    own = {n for one in moving if (n := one.before.incident) is not None}
    known = await incidents.lock(connection, (s for s in sites if s is not None), own)
    gathering = Gathering(known, now)
    homeless = gathering.homeless(moving)
    if homeless:
        gathering.open(homeless, await incidents.new_ids(connection, len(homeless)))
    moved = {one.head.id: gathering.take(one) for one in moving}
    await incidents.insert(connection, gathering.opened)
    await incidents.update(connection, gathering.others)
    return [moved.get(one.head.id, one) for one in happened]
