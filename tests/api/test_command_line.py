"""`blackbox alerts` and `blackbox openapi`, as somebody types them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import httpx
import pytest

from blackbox.api_client import TRIES, Client
from domain.errors import InputError, Unavailable
from tests.api.world import API, Api


async def run(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Exit code, output, errors."""
    own = {f"BLACKBOX_{name.upper()}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "blackbox", *arguments,
        env={**os.environ, **own}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def alerts(
    api: Api, *arguments: str, role: str = "supervisor"
) -> tuple[int, str, str]:
    """`blackbox alerts …` as who has this role."""
    settings = {"api_url": api.site.address, "api_token": api.tokens[role]}
    return await run("alerts", *arguments, **settings)


async def test_an_alert_is_worked_from_the_command_line(
    api: Api, tmp_path: Path
) -> None:
    code, out, err = await alerts(api, "list")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 2
    number = out.split()[0]
    code, out, _ = await alerts(api, "acknowledge", number, "--revision", "1")
    assert code == 0
    assert "active-acknowledged" in out
    code, _, err = await alerts(api, "acknowledge", number, "--revision", "1")
    assert code == 2
    assert "revision" in err or "版" in err
    file = tmp_path / "token"
    file.write_text(api.tokens["enterprise"] + "\n")
    settings = {"api_url": api.site.address, "api_token_file": str(file)}
    answer = ("answer", number, "--cause", "door", "--action", "closed it", "--json")
    code, out, _ = await run("alerts", *answer, **settings)
    assert json.loads(out)["state"] == "active-answered"
    code, out, _ = await alerts(api, "journal", number)
    assert "answered" in out.splitlines()[-1]
    code, out, _ = await alerts(api, "show", number)
    assert "send-back" in out


async def test_nothing_found_is_an_empty_list_for_programs(calm: Api) -> None:
    nothing = ("list", "--search", "no such thing")
    assert await alerts(calm, *nothing) == (0, "", "")
    code, out, _ = await alerts(calm, *nothing, "--json")
    assert (code, json.loads(out)) == (0, [])


async def test_the_api_is_described_without_a_database() -> None:
    code, out, _ = await run("openapi")
    assert code == 0
    assert json.loads(out)["openapi"].startswith("3.1")


async def test_who_is_nobody_is_told_what_to_set(calm: Api) -> None:
    code, _, err = await run("alerts", "list", api_url=calm.site.address)
    assert code == 2
    assert "BLACKBOX_API_TOKEN" in err


class Flaky(BaseHTTPRequestHandler):
    """Gives the prepared answers, one after the other; None: hangs up without one."""

    answers: ClassVar[list[tuple[int, object] | None]]
    seen: ClassVar[list[bytes]]

    def answer(self) -> None:
        self.seen.append(self.rfile.read(int(self.headers.get("content-length", 0))))
        found = self.answers.pop(0)
        if found is not None:
            status, body = found
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        self.close_connection = True

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def served(*answers: tuple[int, object] | None) -> Iterator[tuple[Client, list[bytes]]]:
    """A client, and what its server was sent."""
    handler = type("Once", (Flaky,), {"answers": list(answers), "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{server.server_port}"
            ) as http:
                yield Client(http, sleep=lambda _: None), handler.seen
        finally:
            server.shutdown()
            thread.join()


def test_a_command_that_got_lost_is_sent_again_under_the_same_id() -> None:
    with served(None, (503, {}), (200, {})) as (asking, seen):
        asking.post("/alerts/1/commands", {"id": "x"})
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_what_stays_away_is_unavailable_and_a_problem_is_told() -> None:
    with (
        served(*[None] * TRIES) as (asking, seen),
        pytest.raises(Unavailable, match=r"http://127\.0\.0\.1"),
    ):
        asking.get("/alerts")
    assert len(seen) == TRIES
    with (
        served((409, {"detail": "What it is"})) as (asking, _),
        pytest.raises(InputError, match="What it is"),
    ):
        asking.get(f"{API}/alerts")
