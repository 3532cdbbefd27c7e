"""Bad input: a clear problem, nothing leaked, nothing changed."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from dashboard.api.cursor import encode
from tests.api.world import API, ENGLISH, Api

ALERTS = f"{API}/alerts"


def problem(answer: httpx.Response, status: int = 400) -> str:
    """The detail of a problem of this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document.keys() >= {"type", "title", "status", "detail", "instance"}
    return document["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/alerts?limit=0",
        "/alerts?limit=201",
        "/alerts?limit=x",
        "/alerts?severity=worst",
        "/alerts?unknown=1",
        "/alerts?region=3",
        "/alerts?region=٣٣",
        "/alerts?enterprise=x",
        "/alerts?site=0",
        "/alerts?site=2147483648",
        "/alerts?site=99999999999999999999",
        "/alerts?q=%00",
        "/alerts?q=",
        "/alerts?q=" + "x" * 101,
        "/alerts?rule=%00",
        "/alerts?opened_from=2026-11-22",
        "/alerts?opened_from=1",
        "/alerts?opened_from=2026-11-22T08:00:00",
        "/alerts?opened_from=0001-01-01T00:00:00Z",
        "/alerts?opened_from=9999-12-31T23:59:59-23:59",
        "/alerts?opened_from=2026-11-23T00:00:00Z&opened_until=2026-11-22T00:00:00Z",
        "/alerts?cursor=x",
        "/alerts?cursor=%00",
        "/alerts?cursor=AAAA",
        "/alerts?cursor=_________________________________w",
        "/alerts?cursor=AAAAAAAAAAN_____________AAAAAAAAAAAB",
        "/incidents?cursor=AAAA",
        "/points?cursor=AAAA",
        "/alerts/0",
        "/alerts/-1",
        "/alerts/x",
        "/alerts/9223372036854775808",
        "/alerts/99999999999999999999999/journal",
        "/points/2147483648",
        "/points/1/readings",
        "/points/1/readings?from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z",
        "/points/1/readings?from=2026-11-22T00:00:00Z&to=2026-11-22T00:00:00Z",
        "/points/1/readings?from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z",
        "/points/1/readings?from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&every=1s",
        "/enterprises/x",
        "/regions/x",
    ],
)
async def test_a_wrong_request_is_told_so(calm: Api, path: str) -> None:
    assert problem(await calm.clients["auditor"].get(API + path))


async def test_a_cursor_of_the_right_shape_opens_nothing(calm: Api) -> None:
    for cursor in ("f" + "_" * 30 + "8", "A" * 32):
        for role in ("enterprise", "auditor"):
            answer = await calm.clients[role].get(ALERTS, params={"cursor": cursor})
            assert answer.status_code in (200, 400)


@pytest.mark.parametrize("declared", [True, False])
async def test_ten_megabytes_are_refused_before_they_are_read(
    calm: Api, *, declared: bool
) -> None:
    body = json.dumps({"id": str(uuid4()), "name": "comment", "reason": "x" * 10**7})
    pieces = [body[at : at + 60_000].encode() for at in range(0, len(body), 60_000)]

    async def streamed():
        for piece in pieces:
            yield piece

    content = body.encode() if declared else streamed()
    client = calm.clients["supervisor"]
    try:
        answer = await client.post(f"{ALERTS}/1/commands", content=content)
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        return  # the server had answered, and hung up on the rest
    assert "64 KiB" in problem(answer, 413)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"id": 1, "name": "comment"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "delete"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": ""}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": "a\\u0000b"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": "\\ud800"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": "safe \\u202efas"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": "safe \\u2066fas"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": "x", "\\ud800": 1}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": "x", "actor": "root"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": 7}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "comment", "reason": "x", "revision": 1e99}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "shelve", "reason": "x", "until": "soon"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "shelve", "reason": "x", "until": "2020-01-01T00:00:00Z"}',
        b'{"id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11", "name": "assign", "assignee": "root"}',
        b'{"id": "' + b"9" * 60_000 + b'"}',
        b"[" * 30_000,
    ],
)
async def test_a_wrong_command_changes_nothing(calm: Api, body: bytes) -> None:
    before = await calm.scalar("SELECT count(*) FROM journal")
    answer = await calm.clients["supervisor"].post(
        f"{ALERTS}/1/commands",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    if b"assign" in body:  # the alert is unacknowledged
        assert answer.status_code in (400, 409)
    else:
        assert problem(answer)
    assert await calm.scalar("SELECT count(*) FROM journal") == before


async def test_html_is_told_as_it_was_written(api: Api) -> None:
    reason = "<script>alert(1)</script> =1+1"
    answer = await api.command(1, "comment", reason=reason)
    assert answer.json()["entry"]["reason"] == reason
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_id_that_meant_something_else_is_refused(api: Api) -> None:
    name = str(uuid4())
    assert (await api.command(1, "comment", id=name, reason="x")).status_code == 200
    assert problem(await api.command(1, "comment", id=name, reason="y"))
    assert (await api.command(1, "comment", id=name, reason="x")).json()["repeated"]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer bb_forged",
        "Bearer",
        "Basic YTpi",
        "bb_x",
        "Bearer bb_" + "x" * 5000,
        "Bearer bb_\xff",
    ],
)
async def test_a_token_that_is_none_is_nobodys(calm: Api, header: str) -> None:
    async with httpx.AsyncClient(base_url=calm.site.address, headers=ENGLISH) as client:
        answer = await client.get(
            ALERTS, headers=[(b"authorization", header.encode("latin-1"))]
        )
    assert problem(answer, 401) == "Sign in first."


async def test_a_token_that_is_over_is_nobodys(api: Api) -> None:
    await api.rows("UPDATE api_token SET expires_at = created_at")
    assert problem(await api.clients["auditor"].get(ALERTS), 401)


async def test_a_revoked_token_is_nobodys(api: Api) -> None:
    client = api.clients["supervisor"]
    (token,) = await api.get("/tokens")
    assert (await client.delete(f"{API}/tokens/{token['id']}")).status_code == 204
    assert problem(await client.get(ALERTS), 401)


async def test_another_method_is_told_so(calm: Api) -> None:
    answer = await calm.clients["auditor"].delete(f"{ALERTS}/1")
    assert problem(answer, 405)
    assert answer.headers["allow"] == "GET"


async def test_too_many_readings_say_how_to_ask_for_fewer(api: Api) -> None:
    start = api.world.clock.now() - timedelta(hours=9)
    await api.rows(
        "WITH new AS (INSERT INTO reading (point, time, intake, value, quality, provenance)"
        " SELECT 1, %(start)s::timestamptz - n * interval '2 s', 1, 5, 0, 0"
        "   FROM generate_series(1, 10001) n ON CONFLICT DO NOTHING RETURNING time)"
        " INSERT INTO touched (bucket, points)"
        " SELECT DISTINCT date_bin('5 min', time, '2000-01-01Z'), ARRAY[1] FROM new",
        start=start,
    )
    asked = {"from": "2026-11-21T12:00:00Z", "to": "2026-11-23T00:00:00Z"}
    client, path = api.clients["auditor"], f"{API}/points/1/readings"
    assert "every=5m" in problem(await client.get(path, params=asked))
    rolled = (await client.get(path, params=asked | {"every": "1h"})).json()["rolled"]
    assert sum(one["count"] for one in rolled) >= 10_001
    assert all(one["min"] <= one["mean"] <= one["max"] for one in rolled)


@pytest.mark.parametrize("path", ["/points", "/sites", "/enterprises"])
async def test_a_cursor_beyond_all_numbers_is_the_end(calm: Api, path: str) -> None:
    page = await calm.get(path, "auditor", cursor=encode(2**62))
    assert page["items"] == []
    page = await calm.get(path, "auditor", cursor=encode(-(2**62)))
    assert page["items"]
