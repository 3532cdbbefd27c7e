"""The demo's users: one of each role, with passwords made up once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import yaml

from dashboard.passwords import Passwords
from domain.people import Person, Role
from domain.rules import Severity
from storage import contacts, people, subscriptions
from storage.connect import connect
from storage.subscriptions import Wish
from storage.unit import PEOPLE, Connection, unit_of_work

NAME = "users.json"
CHANNEL: Final = "log"
"""Needs nothing, and so always works."""


async def invite(
    owner: str, directory: Path, everyone: Sequence[Person], now: datetime
) -> dict[str, str]:
    """Add the users that are missing; the passwords of all that were made by a demo.

    `owner` is the database's URL. A name that somebody else has taken stays as it is.
    """
    known = remembered(directory)
    async with await connect(owner, name="blackbox demo") as connection:
        taken = {one.name for one in await people.listed(connection)}
        for one in everyone:
            if one.name not in taken:
                password = known.setdefault(one.name, secrets.token_urlsafe(9))
                await _add(connection, one, password, now)
    remember(directory, known)
    return known


def authority() -> list[Person]:
    """One of each role that needs no enterprise."""
    return [
        _person("admin", Role.ADMINISTRATOR, "演示管理员"),
        _person("supervisor", Role.SUPERVISOR, "演示监管员", region="330000"),
        _person("auditor", Role.AUDITOR, "演示审计员"),
    ]


async def employee(owner: str, registry: str) -> Person:
    """A user of the first enterprise of a registry file, which is applied."""
    first = next(iter(yaml.safe_load(registry)["enterprises"]))
    async with await connect(owner, name="blackbox demo") as connection:
        number = await people.enterprise(connection, first)
    return _person("enterprise", Role.ENTERPRISE, "演示企业用户", enterprise=number)


def _person(
    name: str,
    role: Role,
    full_name: str,
    *,
    region: str | None = None,
    enterprise: int | None = None,
) -> Person:
    return Person(
        id=0,
        name=name,
        full_name=full_name,
        role=role,
        region=region,
        enterprise=enterprise,
        language="zh",
    )


async def _add(
    connection: Connection, one: Person, password: str, now: datetime
) -> None:
    """Add a user, who is told of major alerts in the log: of no site are too few told."""
    begin = partial(unit_of_work, connection, share=PEOPLE, kind="command", arrived=now)
    hashed = await Passwords().hashed(password)
    async with begin() as unit:
        added = await people.add(unit, one, password=hashed, by="demo")
    async with begin() as unit:
        await contacts.put(unit, added, CHANNEL, one.name, "demo")
    wish = Wish(person=added.id, channel=CHANNEL, severity=Severity.MAJOR)
    async with begin() as unit:
        await subscriptions.subscribe(unit, added, wish, "demo")


def remembered(directory: Path) -> dict[str, str]:
    """Passwords by name, of an earlier demo on this directory."""
    path = directory / NAME
    return json.loads(path.read_text()) if path.exists() else {}


def remember(directory: Path, passwords: dict[str, str]) -> None:
    """Keep them for the next demo, and for its user only."""
    path = directory / NAME
    path.touch(mode=0o600)
    path.write_text(json.dumps(passwords))
