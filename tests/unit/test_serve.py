"""Who the client is, where a proxy may stand in between."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI, Request

from dashboard.serve import create_server


@pytest.mark.parametrize(
    ("proxies", "peer", "client"),
    [
        ("127.0.0.1", "127.0.0.1", "203.0.113.7"),
        ("127.0.0.1", "172.30.83.1", "172.30.83.1"),
        ("172.30.83.1", "172.30.83.1", "203.0.113.7"),
        ("10.0.0.0/8,127.0.0.1", "10.1.2.3", "203.0.113.7"),
        ("10.0.0.0/8", "127.0.0.1", "127.0.0.1"),
    ],
)
async def test_the_word_of_a_trusted_proxy_counts_and_nobody_elses(
    proxies: str, peer: str, client: str
) -> None:
    app = FastAPI()

    @app.get("/")
    async def asks(request: Request) -> str:
        assert request.client is not None
        return request.client.host

    config = create_server(app, host="127.0.0.1", port=0, proxies=proxies).config
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=(peer, 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://box") as one:
        answer = await one.get("/", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.json() == client
