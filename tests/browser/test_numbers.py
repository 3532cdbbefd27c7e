"""A number says as many as are found where it leads, on whichever page it stands."""

from __future__ import annotations

import re
from html import unescape

import httpx
import psycopg
import pytest

from tests.browser.world import ENTERPRISE, World
from tests.services import Database

FORM = {"Accept": "text/html", "Accept-Language": "en"}
WARM = [(float(minute), {"t1": 9.4}) for minute in range(15, -1, -1)]
# Of each severity some, one of them overdue, one shelved, one of what was not in use.
FURTHER = """
INSERT INTO alert (id, rule, version, point, device, enterprise, site, region, severity, suppressed,
                   opened_at, raised_at, entries, due_at, overdue_since, shelved_until)
SELECT n, rule, version, 1 + n % 8, device, enterprise, site, region, 1 + n % 3, n = 16,
       opened_at, opened_at, 1, opened_at + interval '1 h',
       CASE n WHEN 12 THEN opened_at END, CASE n WHEN 13 THEN opened_at + interval '8 h' END
  FROM alert, generate_series(11, 17) AS n WHERE id = 1
"""
COUNTER = re.compile(
    r'<a class="counter[^"]*" href="(/alerts[^"]*)">.*?<b>(\d+)</b>', re.S
)


async def text(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address, headers=FORM)
    assert answer.status_code == 200, answer.text
    return answer.text


async def listed(client: httpx.AsyncClient, address: str) -> int:
    """How many alerts the inbox has."""
    return len(re.findall(r'id="alert-\d+"', await text(client, unescape(address))))


@pytest.fixture(autouse=True)
async def alerts(database: Database, world: World) -> None:
    await world.send("coldroom-1", *WARM)
    async with await psycopg.AsyncConnection.connect(database.url()) as owner:
        await owner.execute(FURTHER.encode())


@pytest.mark.parametrize("address", ["/", "/?region=330100"])
async def test_counters_of_the_overview_lead_to_as_many_alerts(
    client: httpx.AsyncClient, address: str
) -> None:
    counters = dict(COUNTER.findall(await text(client, address)))
    assert len(counters) == 5
    found = {one: str(await listed(client, one)) for one in counters}
    assert found == counters
    assert sorted(counters.values()) == ["1", "1", "2", "3", "6"]


@pytest.mark.parametrize(
    ("address", "leads", "says"),
    [
        ("/", "/alerts", "all 6"),
        ("/enterprises/" + ENTERPRISE, "/alerts?enterprise=" + ENTERPRISE, "See all 6"),
        ("/sites/1", "/alerts?site=1", "See all 6"),
        ("/rules", "/alerts?rule=gsp-cold-room", "6 open alerts"),
        ("/rules/gsp-cold-room", "/alerts?rule=gsp-cold-room", "6 open alerts"),
    ],
)
async def test_numbers_of_open_alerts_are_those_of_the_inbox(
    client: httpx.AsyncClient, address: str, leads: str, says: str
) -> None:
    assert f'<a href="{leads}">{says}</a>' in re.sub(
        r' class="[^"]*"', "", await text(client, address)
    )
    assert await listed(client, leads) == 6


async def test_the_list_of_enterprises_counts_what_waits(
    client: httpx.AsyncClient,
) -> None:
    row = (await text(client, "/enterprises")).split(f"/enterprises/{ENTERPRISE}")[1]
    assert re.search(r'data-label="Open alerts".*?</svg>\s*(\d+)', row, re.S)[1] == "6"  # type: ignore[index]


async def test_what_was_not_in_use_is_found_where_it_is_asked_for(
    client: httpx.AsyncClient,
) -> None:
    assert await listed(client, "/alerts?suppressed=true") == 1
    assert await listed(client, "/alerts?show=shelved") == 1
    assert await listed(client, "/alerts?show=all") == 8
    assert await listed(client, "/alerts?rule=other") == 0
