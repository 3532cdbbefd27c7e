"""blackbox contacts, subscriptions and channels, with the login of the web."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from typer.testing import CliRunner, Result

from alerting.channels import UnreachablePersonError
from blackbox.cli import app
from domain.errors import InputError
from storage import chain
from storage.unit import Connection
from tests.mail import Mailbox, mailbox, text
from tests.services import Database
from tests.stored import connected

PEOPLE = """
INSERT INTO person (name, full_name, role, region, language, created_at)
VALUES ('li', '李', 'supervisor', '330100', 'en', now()), ('wang', '王', 'auditor', NULL, 'zh', now())
"""
EVENTS = "SELECT kind, detail::text FROM box_event ORDER BY intake"


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as running:
        yield running


@pytest.fixture
async def owner(
    database: Database, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connection]:
    """The database as its owner; the settings are for commands."""
    monkeypatch.setenv("BLACKBOX_DATABASE_URL", database.url("web"))
    monkeypatch.setenv("BLACKBOX_CHANNELS", json.dumps({"mail": box.url}))
    monkeypatch.setenv("BLACKBOX_ALLOW_INTERNAL", "127.0.0.0/8")
    async with connected(database, "owner") as connection:
        await connection.execute(PEOPLE)
        yield connection
        assert (await chain.verify(connection, lambda _done, _all: None)).fault is None


async def blackbox(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, words)


async def done(*words: str) -> str:
    result = await blackbox(*words)
    assert result.exception is None, result.exception
    return result.stdout


async def refused(*words: str) -> str:
    result = await blackbox(*words)
    assert isinstance(result.exception, InputError)
    return str(result.exception)


async def events(connection: Connection) -> list[tuple[str, str]]:
    return await (await connection.execute(EVENTS)).fetchall()  # type: ignore[return-value]


async def test_contacts_are_set_changed_listed_and_removed(owner: Connection) -> None:
    await done("contacts", "set", "li", "mail", "li@example.com")
    await done("contacts", "set", "li", "mail", "other@example.com")
    assert (await done("contacts", "list")).split() == [
        "li", "mail", "other@example.com"
    ]  # fmt: skip
    await done("contacts", "remove", "li", "mail")
    assert await done("contacts", "list") == ""
    assert "no contact on channel mail" in await refused(
        "contacts", "remove", "li", "mail"
    )
    told = await events(owner)
    assert [kind for kind, _ in told] == [
        "contact-set",
        "contact-set",
        "contact-removed",
    ]
    assert "example.com" not in str(told)


async def test_a_contact_that_cannot_be_is_refused_and_changes_nothing(
    owner: Connection,
) -> None:
    assert "no user 'zhao'" in await refused(
        "contacts", "set", "zhao", "mail", "x@y.cn"
    )
    assert "there are mail, log" in await refused("contacts", "set", "li", "sms", "138")
    assert "No such address" in await refused("contacts", "set", "li", "mail", "a,b")
    assert await events(owner) == []


async def test_a_trial_arrives_in_the_persons_language(
    owner: Connection, box: Mailbox
) -> None:
    await done("contacts", "set", "li", "mail", "li@example.com")
    said = await done("channels", "test", "mail", "--to", "li")
    assert "channel mail has taken it" in said
    (mail,) = box.mails
    assert mail["Subject"] == "Black box: a trial"
    assert text(mail) == "This channel works; there is nothing to do.\n"
    result = await blackbox("channels", "test", "mail", "--to", "wang")
    assert isinstance(result.exception, UnreachablePersonError)
    assert "No channel is called 'sms'; there are log, mail." in await refused(
        "channels", "test", "sms", "--to", "li"
    )


async def test_subscriptions_are_added_listed_and_removed(owner: Connection) -> None:
    said = await done(
        *("subscriptions", "add", "li", "mail", "--region", "330106"),
        *("--severity", "major", "--stage", "storage", "--stage", "transport"),
        *("--weekdays", "1-5,7", "--hours", "22:00-06:00"),
    )
    number = said.split()[-1]
    assert (await done("subscriptions", "list")).strip() == (
        f"{number}  li                   mail         330106-330106 ≥ major"
        "  storage,transport  1,2,3,4,5,7 22:00-06:00"
    )
    await done("subscriptions", "remove", number)
    assert (await done("subscriptions", "list")).strip() == ""
    assert "no subscription" in await refused("subscriptions", "remove", number)
    assert [kind for kind, _ in await events(owner)] == [
        "subscription-added", "subscription-removed"
    ]  # fmt: skip


async def test_a_subscription_is_to_all_that_the_person_sees_unless_said_otherwise(
    owner: Connection,
) -> None:
    await done("subscriptions", "add", "li", "mail")
    await done("subscriptions", "add", "wang", "log")
    listed = await done("subscriptions", "list")
    assert "330100-330199 ≥ minor  all stages  1-7 24 h" in listed
    assert "000000-999999 ≥ minor" in listed
    assert "the same already" in await refused("subscriptions", "add", "li", "mail")
    assert len(await events(owner)) == 2


async def test_a_subscription_beyond_the_scope_is_refused(owner: Connection) -> None:
    for region in ("330000", "330200", "310000"):
        message = await refused(
            "subscriptions", "add", "li", "mail", "--region", region
        )
        assert f"Region {region} is outside 330100" in message
    assert await events(owner) == []
