"""A client of the HTTP API: for the command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from blackbox.commands import running
from blackbox.demo.people import remembered
from blackbox.services import state_directory
from blackbox.settings import read
from domain.errors import InputError, Unavailable

PREFIX: Final = "/api/v1"
TRIES: Final = 5
FIRST_WAIT: Final = 0.25
"""Seconds before the second try; each further one waits twice as long."""
TEMPORARY: Final = frozenset({502, 503, 504})


class Client:
    """Asks, and asks again where the network failed.

    That is safe for commands as well: each carries an id, under which it is done once.
    """

    def __init__(
        self, http: httpx.Client, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`http` knows address and sign-in."""
        self._http = http
        self._sleep = sleep

    def get(self, path: str, **query: Any) -> Any:
        """The answer's JSON; a query's None is left out."""
        given = {key: value for key, value in query.items() if value is not None}
        return self._ask("GET", path, params=given)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer's JSON."""
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        """Raises InputError with the problem's detail, or Unavailable in the end."""
        why = ""
        for trial in range(TRIES):
            if trial:
                self._sleep(FIRST_WAIT * 2 ** (trial - 1))
            try:
                answer = self._http.request(method, PREFIX + path, **more)
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
                continue
            if answer.status_code in TEMPORARY:
                why = detail(answer)
                continue
            if answer.is_error or answer.is_redirect:
                raise InputError(zh=detail(answer), en=detail(answer))
            return answer.json()
        raise Unavailable(f"{self._http.base_url}: {why}")


def detail(answer: httpx.Response) -> str:
    """What a problem says; of another answer, its status."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.url}: HTTP {answer.status_code}"


@contextmanager
def connected(name: str | None) -> Iterator[Client]:
    """A client at the address of the settings, with their token.

    Where neither is set, of the demo that runs here, signed in as its user called `name`.
    Raises InputError where somebody must say more.
    """
    settings = read()
    token = settings.token()
    address = settings.api_url or running.demo().page
    with httpx.Client(base_url=address, timeout=30) as http:
        if token is not None:
            http.headers["Authorization"] = f"Bearer {token}"
        elif settings.api_url is None:
            _sign_in(http, name)
        else:
            raise InputError(
                zh="请设置 BLACKBOX_API_TOKEN 或 BLACKBOX_API_TOKEN_FILE。",
                en="Set BLACKBOX_API_TOKEN or BLACKBOX_API_TOKEN_FILE.",
            )
        yield Client(http)


def _sign_in(http: httpx.Client, name: str | None) -> None:
    """Sign in as a user of the demo. Raises InputError."""
    known = remembered(state_directory("demo", read().state_dir))
    if name is None or name not in known:
        raise InputError(
            zh=f"--as：应为演示用户之一：{', '.join(known)}。",
            en=f"--as: one of the demo's users: {', '.join(known)}.",
        )
    http.headers["Origin"] = str(http.base_url).rstrip("/")
    try:
        answer = http.post("/sign-in", data={"name": name, "password": known[name]})
    except httpx.TransportError as error:
        raise Unavailable(f"{http.base_url}: {error}") from error
    if answer.is_error:
        raise InputError(zh=detail(answer), en=detail(answer))
