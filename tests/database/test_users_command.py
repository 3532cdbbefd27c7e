"""blackbox users …, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import psycopg
import pytest
from typer.testing import CliRunner, Result

from blackbox.cli import app
from domain.errors import InputError
from tests.services import Database

Run: TypeAlias = Callable[..., Result]
ADD = ("add", "wangfang", "--role", "supervisor", "--full-name", "王芳")
HANGZHOU = ("--region", "330100", "--password-stdin")
PASSWORD = "rather long, and only for tests\n"


@pytest.fixture(params=["owner", "web"])
def run(
    database: Database, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Run:
    """Runs the command as each login that an operator may have."""
    monkeypatch.setenv("BLACKBOX_DATABASE_URL", database.url(request.param))

    def invoke(*arguments: str, given: str = "") -> Result:
        result = CliRunner().invoke(app, ["users", *arguments], input=given)
        if isinstance(result.exception, InputError):
            raise result.exception
        return result

    return invoke


def test_somebody_is_added_listed_disabled_and_enabled(run: Run) -> None:
    assert run(*ADD, *HANGZHOU, given=PASSWORD).exit_code == 0
    line = run("list").output
    assert line.split() == ["wangfang", "supervisor", "330100", "zh", "王芳"]
    assert run("disable", "wangfang").exit_code == 0
    assert "disabled" in run("list").output
    assert run("enable", "wangfang").exit_code == 0
    assert (
        run("password", "wangfang", "--password-stdin", given=PASSWORD).exit_code == 0
    )


def test_a_token_is_shown_once_and_revoked(run: Run, database: Database) -> None:
    run(*ADD, *HANGZHOU, given=PASSWORD)
    token = run("token", "wangfang", "--label", "crm", "--days", "30").output.strip()
    assert token.startswith("bb_")
    listed = run("tokens", "wangfang").output
    assert "crm" in listed
    assert token not in listed
    run("revoke", "wangfang", listed.split()[0])
    assert "revoked" in run("tokens", "wangfang").output
    with psycopg.connect(database.url()) as owner:
        hashed = owner.execute("SELECT password FROM person").fetchone()
    assert hashed
    assert hashed[0].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        ((*ADD, *HANGZHOU), "short\n", "10 to 1000"),
        ((*ADD, *HANGZHOU), "", "10 to 1000"),
        ((*ADD, "--region", "330100"), PASSWORD, "--password-stdin"),
        ((*ADD, "--no-password"), "", "A supervisor has a region"),
        ((*ADD, "--region", "999999", "--no-password"), "", "GB/T 2260"),
        ((*ADD, "--enterprise", "1", "--no-password"), "", "No enterprise"),
        (("add", "Wang", *ADD[2:], "--no-password"), "", "no user name"),
        (("disable", "nobody"), "", "no user"),
        (("password", "nobody", "--password-stdin"), PASSWORD, "no user"),
        (("token", "nobody", "--label", "x"), "", "no user"),
        (("revoke", "nobody", "1"), "", "no user"),
    ],
)
def test_what_is_wrong_is_said(
    run: Run, arguments: tuple[str, ...], given: str, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        run(*arguments, given=given)
    assert run("list").output == ""
