"""What the web process answers to programs, and to those who mean it ill."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from dashboard import security
from dashboard.shared import LONGEST
from domain.people import Role
from tests.browser.conftest import new_client
from tests.browser.world import Site, World, new_world, opened, serve
from tests.people import signed_in, somebody
from tests.services import Database

PERSON = {"Accept": "text/html"}
UNKNOWN = 404
"""What a command gets that was let through: this is no demo."""


@pytest.mark.parametrize(
    "path", ["/?region=330900", "/?region=110000", "/?region=000000", "/x"]
)
async def test_what_is_unknown_is_not_found(
    quiet: httpx.AsyncClient, path: str
) -> None:
    program, person = await quiet.get(path), await quiet.get(path, headers=PERSON)
    assert program.status_code == person.status_code == 404
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["detail"] == "没有这个页面、测点或告警。"
    assert "没有这个页面、测点或告警。" in person.text
    assert 'id="banner"' in person.text


@pytest.mark.parametrize(
    "path",
    [
        "/points/1/series?range=2h",
        "/points/1/series?from=2026-11-22T17:30:05Z&to=2026-11-22T08:00:00Z",
        "/points/1/series?from=1975-01-01T00:00:00Z",
        "/points/1/series?from=2027-01-01T00:00:00Z&to=2027-02-01T00:00:00Z",
        "/points/1/series?to=0001-01-01T00:00:00Z",
        "/?alert=99999999999999999999",
        "/?region=33010",
        "/?region=33010x",
        "/?region=%00",
        "/?region=%EF%BC%93%EF%BC%93",
        "/api/v1/events?after=x",
    ],
)
async def test_a_wrong_request_is_told_so(quiet: httpx.AsyncClient, path: str) -> None:
    response = await quiet.get(path, headers={"Accept-Language": "en"})
    assert response.status_code == 400
    assert response.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://["}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, UNKNOWN),
        ({"Origin": "{here}"}, UNKNOWN),
    ],
)
async def test_only_our_own_page_may_command(
    quiet: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    fields = {"device": "coldroom-1", "fault": "door-open"}
    here = str(quiet.base_url).rstrip("/")
    said = {name: value.format(here=here) for name, value in headers.items()}
    async with httpx.AsyncClient(base_url=here, cookies=quiet.cookies) as silent:
        response = await silent.post("/demo/faults", data=fields, headers=said)
    assert response.status_code == status


async def test_nothing_foreign_and_nothing_inline_may_run(
    quiet: httpx.AsyncClient,
) -> None:
    response = await quiet.get("/", headers=PERSON)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["cache-control"] == "no-store"


async def test_health_says_what_the_banner_says(quiet: httpx.AsyncClient) -> None:
    response = await quiet.get("/health")
    assert response.status_code == 200
    assert response.json()["box"]["state"] in ("starting", "well")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
async def test_metrics_are_not_for_those_who_come_through_a_proxy(
    quiet: httpx.AsyncClient, header: str
) -> None:
    assert (await quiet.get("/metrics", headers={header: "x"})).status_code == 404


async def test_answers_are_kept_by_nobody(quiet: httpx.AsyncClient) -> None:
    for path in ("/health", "/metrics", "/api/v1/people/me", "/api/v1/x", "/"):
        assert (await quiet.get(path)).headers["cache-control"] == "no-store"
    assert (await quiet.get("/static/base.css")).headers["cache-control"] == "no-cache"


async def test_a_body_that_does_not_come_holds_no_connection(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "PATIENCE", 0.3)
    paths = ("/sign-in", "/api/v1/alerts/1/commands", "/api/v1/events")
    answers = await asyncio.gather(*(unfinished(site, path) for path in paths))
    assert [one.split()[1] for one in answers] == [b"408", b"408", b"405"]


async def unfinished(site: Site, path: str) -> bytes:
    """What a body that does not come is answered, until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n"
    writer.write(f"{head}{form}\r\nname=".encode())
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return answer


async def test_metrics_count_open_alerts(
    world: World, client: httpx.AsyncClient
) -> None:
    await opened(world)
    metrics = (await client.get("/metrics")).text
    assert 'blackbox_alerts_open{severity="major"} 1.0' in metrics


async def test_faults_are_for_the_demo_only(quiet: httpx.AsyncClient) -> None:
    assert 'href="/demo"' not in (await quiet.get("/", headers=PERSON)).text
    assert (await quiet.get("/demo", headers=PERSON)).status_code == 404


async def test_links_of_old_notifications_lead_to_the_alert(
    quiet: httpx.AsyncClient,
) -> None:
    response = await quiet.get("/?alert=7", headers=PERSON)
    assert (response.status_code, response.headers["location"]) == (303, "/alerts/7")


async def test_without_readings_the_page_says_what_to_send(
    quiet: httpx.AsyncClient,
) -> None:
    text = (await quiet.get("/", headers=PERSON)).text
    assert "blackbox/v1/33/01/06/91330106MA27XY001X/coldroom-1/readings" in text
    assert "还没有收到任何读数" in text


async def test_without_a_registry_the_page_says_what_to_do(database: Database) -> None:
    async with (
        new_world(database) as world,
        serve(database, world.clock) as site,
        new_client(
            site,
            await signed_in(
                database, somebody("root", Role.ADMINISTRATOR), world.clock.real_now()
            ),
        ) as client,
    ):
        text = (await client.get("/", headers=PERSON)).text
        assert "blackbox registry apply FILE" in text
        await world.register()
        world.clock.ahead += LONGEST
        assert "示例一号仓库" in (await client.get("/", headers=PERSON)).text
