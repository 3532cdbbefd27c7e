"""Announcing a maintenance window: asked of the ingestor, which alone changes the registry."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel

from dashboard.display import Display
from dashboard.forms import clean
from dashboard.house import House
from dashboard.problems import Problem
from domain.people import Person, Role
from storage import requests, shares, site_details
from storage.maintenance import LONGEST
from storage.places import SiteLine

MAY: Final = frozenset({Role.SUPERVISOR, Role.ENTERPRISE, Role.ADMINISTRATOR})
LOOK: Final = 0.1
"""Real seconds between two looks for the outcome."""
LOOKS: Final = 50


class Wish(BaseModel):
    """A window as the form says it; device and zone empty: all of them."""

    device: str = ""
    """Key."""
    zone: str = ""
    begins: str = ""
    """Local, in the viewer's zone: `2026-11-23T08:00`."""
    ends: str = ""
    reason: str = ""


def may(person: Person, line: SiteLine) -> bool:
    """Whether `person` may announce windows there: not at a site that was its own once."""
    return person.role in MAY and line.enterprise_code is not None


async def announce(
    here: House, person: Person, line: SiteLine, wish: Wish, show: Display
) -> str:
    """What came of it, in words. Raises Problem."""
    body = request(line, wish, show)
    async with here.connection() as connection:
        listener = await site_details.listener(connection, line.region)
        share = listener and await shares.find(connection, listener.name)
        if share is None:
            raise Problem(503, "places.maintenance.nobody")
        number = await requests.submit(
            connection, share, "maintenance", body, person.name
        )
    for _ in range(LOOKS):
        async with here.connection() as connection:
            outcome = await requests.outcome(connection, number)
        if outcome is not None:
            return _came(outcome, show)
        await asyncio.sleep(LOOK)
    return show.texts("places.maintenance.waiting")


def _came(outcome: Any, show: Display) -> str:
    if not outcome["done"]:
        why = outcome.get(show.texts.language)
        if why is None:
            raise Problem(409, "places.maintenance.refused")
        raise Problem(409, "problem.input", why=why)
    return show.texts("places.maintenance.done", n=outcome["points"])


def request(line: SiteLine, wish: Wish, show: Display) -> dict[str, Any]:
    """The request's body. Raises Problem 400 that says what is wrong."""
    begins, ends = _moment(wish.begins, show), _moment(wish.ends, show)
    reason = clean(wish.reason)
    if begins < show.now:
        raise Problem(400, "places.maintenance.past")
    if not begins < ends <= begins + LONGEST:
        raise Problem(400, "places.maintenance.length", n=LONGEST.days)
    if not reason:
        raise Problem(400, "places.maintenance.why")
    return {
        "code": line.enterprise_code,
        "site": line.key,
        "device": clean(wish.device) or None,
        "zone": clean(wish.zone) or None,
        "begins": begins.isoformat(),
        "ends": ends.isoformat(),
        "reason": reason,
    }


def _moment(text: str, show: Display) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(400, "places.maintenance.time") from None
    if not 2000 <= moment.year < 2100:  # noqa: PLR2004 (as in a registry)
        raise Problem(400, "places.maintenance.time")
    return (moment if moment.tzinfo else moment.replace(tzinfo=show.zone)).astimezone(
        UTC
    )
