"""The demo's users: one of each role, with passwords made up once."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from pathlib import Path

import yaml

from dashboard.passwords import Passwords
from domain.people import Person, Role
from storage import people
from storage.connect import connect
from storage.unit import PEOPLE, Connection, unit_of_work

NAME = "users.json"


async def invite(
    owner: str, directory: Path, registry: str, now: datetime
) -> dict[str, str]:
    """Add the users that are missing; the passwords of those that were made by a demo.

    `owner` is the database's URL, `registry` the file with the enterprise of one of them.
    A name that somebody else has taken stays as it is.
    """
    passwords = remembered(directory)
    async with await connect(owner, name="blackbox demo") as connection:
        first = next(iter(yaml.safe_load(registry)["enterprises"]))
        world = cast(await people.enterprise(connection, first))
        taken = {one.name for one in await people.listed(connection)}
        known = passwords or {
            one.name: secrets.token_urlsafe(9) for one in world if one.name not in taken
        }
        for one in world:
            if one.name in known and one.name not in taken:
                await _add(connection, one, known[one.name], now)
    remember(directory, known)
    return known


def cast(enterprise: int) -> list[Person]:
    """One of each role; the enterprise's user belongs to `enterprise`."""
    return [
        _person("admin", Role.ADMINISTRATOR, "演示管理员"),
        _person("supervisor", Role.SUPERVISOR, "演示监管员", region="330000"),
        _person("enterprise", Role.ENTERPRISE, "演示企业用户", enterprise=enterprise),
        _person("auditor", Role.AUDITOR, "演示审计员"),
    ]


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
    hashed = await Passwords().hashed(password)
    async with unit_of_work(
        connection, share=PEOPLE, kind="command", arrived=now
    ) as unit:
        await people.add(unit, one, password=hashed, by="demo")


def remembered(directory: Path) -> dict[str, str]:
    """Passwords by name, of an earlier demo on this directory."""
    path = directory / NAME
    return json.loads(path.read_text()) if path.exists() else {}


def remember(directory: Path, passwords: dict[str, str]) -> None:
    """Keep them for the next demo, and for its user only."""
    path = directory / NAME
    path.touch(mode=0o600)
    path.write_text(json.dumps(passwords))
