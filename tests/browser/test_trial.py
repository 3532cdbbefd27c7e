"""Trials on the page of a rule: their bounds, their end, and what they show."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx
import pytest
from playwright.async_api import expect

from alerting.trial import Question
from blackbox.trial import ask
from dashboard.pages.rules import trial
from dashboard.turns import Turn, Turns
from rules import catalogue
from rules.kinds import KINDS
from tests.browser.conftest import ClientOf, NewPage
from tests.browser.test_rules import DAY, PERSON, STREAM, warmed
from tests.browser.world import Site, World
from tests.people import somebody

LANE = re.compile(r'<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"')
BARS_OF_TRIAL, BARS_OF_TRUTH = "223.0", "243.0"
DAILY = {"since": "day", "total": "5h"}
OPENED = 40 * 24 * 60
"""Minutes before now: longer ago than a trial looks back."""


async def told(
    client: httpx.AsyncClient, query: str, rule: str = "gsp-cold-room"
) -> list[dict[str, object]]:
    """What a trial tells as it goes on."""
    answer = await client.get(f"/rules/{rule}/trial?{query}", headers=STREAM)
    if answer.status_code != 200:
        return [{"failed": answer.json()["detail"]}]
    return [json.loads(one[len("data: ") :]) for one in answer.text.split("\n\n")[:-1]]


def lane(html: object, y: str) -> list[tuple[str, ...]]:
    """Severity, begin and width of the bars in a lane."""
    return [(s, x, width) for s, x, at, width in LANE.findall(str(html)) if at == y]


async def until(holds: Callable[[], bool]) -> None:
    """Wait for the server to have done something."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def turns(site: Site) -> Turns:
    """Who works on what at the server."""
    return site.server.config.app.state.house.turns  # type: ignore[union-attr]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Who has a trial under way at the server: each as often as they have."""
    busy: list[int] = []
    begun = Turns.begun

    @contextmanager
    def watched(own: Turns, person: int) -> Iterator[Turn]:
        with begun(own, person) as turn:
            busy.append(person)
            try:
                yield turn
            finally:
                busy.remove(person)

    monkeypatch.setattr(Turns, "begun", watched)
    return busy


async def test_what_was_raised_is_drawn_as_it_was_not_as_it_was_tried(
    client: httpx.AsyncClient, world: World
) -> None:
    point = await warmed(world)
    truth = (await told(client, f"point={point}&{DAY}"))[-1]["html"]
    assert lane(truth, BARS_OF_TRIAL) == lane(truth, BARS_OF_TRUTH) != []
    own = f"point={point}&{DAY}&limits=own&excursion.above=7.1"
    other = (await told(client, own))[-1]["html"]
    assert lane(other, BARS_OF_TRUTH) == lane(truth, BARS_OF_TRUTH)
    assert len(lane(other, BARS_OF_TRIAL)) > len(lane(other, BARS_OF_TRUTH))


async def test_what_met_one_tried_excursion_is_counted_once_each(
    client: httpx.AsyncClient, world: World
) -> None:
    for heated in (300, 200):
        hot = ((m, {"t1": 9.0}) for m in range(heated, heated - 30, -1))
        await world.send("coldroom-1", *((float(m), v) for m, v in hot))
        await world.send("coldroom-1", (heated - 30.0, {"t1": 6.0}))
    point = await world.point("coldroom-1", "t1")
    tight = "&limits=own&warning.above=5&excursion.above=5.5"
    html = str((await told(client, f"point={point}&{DAY}{tight}"))[-1]["html"])
    assert "4 were found in truth" in html
    assert len(lane(html, BARS_OF_TRIAL)) == 2
    assert len(lane(html, BARS_OF_TRUTH)) == 4


async def test_the_share_never_falls_and_ends_whole(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = await warmed(world)
    for chunk in (40, 33):  # the last chunk is empty; or is not
        monkeypatch.setattr(trial, "CHUNK", chunk)
        events = await told(client, f"point={point}&point={point + 1}&{DAY}")
        shares = [float(str(one["share"])) for one in events[:-1]]
        assert shares == sorted(shares)
        assert len(set(shares)) > 3
        assert shares[-1] == 1


async def test_every_rule_finds_on_the_page_what_the_command_finds(
    client: httpx.AsyncClient, world: World
) -> None:
    heat = {1300: 5.0, 1200: 41.0, 650: 46.0, 550: -2.0, 500: 5.0, 300: 8.2}
    values = [
        (m, next((v for until, v in heat.items() if m > until), 5.0 + m / 200))
        for m in range(1440, 0, -3)
        if not 340 < m < 460
    ]
    await world.send("coldroom-1", *((float(m), {"t1": v}) for m, v in values))
    bad = ((float(m), {"t1": None}) for m in range(459, 430, -1))
    await world.send("coldroom-1", *bad)
    point = await world.point("coldroom-1", "t1")
    stretch = "from=2026-11-22T00:00&until=2026-11-22T17:30"
    since, stop = (
        datetime.fromisoformat(f"{one}+08:00")
        for one in ("2026-11-22T00:00", "2026-11-22T17:30")
    )
    found = set[str]()
    for rule in catalogue.load().values():
        if rule.kind not in KINDS or rule.quantity not in (None, "temperature"):
            continue
        limits = {"hot": DAILY} if rule.kind == "cumulative" else {}
        question = Question(rule=rule.key, since=since, until=stop, limits=limits)
        answer = await ask(world.connection, question, lambda *_: None, "coldroom-1/t1")
        ((name, excursions),) = answer.found.items()
        own = "".join(f"&hot.{k}={v}" for k, v in limits.get("hot", {}).items())
        query = f"point={point}&{stretch}&limits=own{own}"
        events = await told(client, query, rule.key)
        html = str(events[-1].get("html"))
        noun = "excursion" if len(excursions) == 1 else "excursions"
        assert f"{len(excursions)} {noun} would have been found" in html, (rule, name)
        assert len(lane(html, BARS_OF_TRIAL)) == len(excursions)
        found |= {rule.kind} if excursions else set()
    assert found == set(KINDS)


async def test_what_began_over_31_days_before_counts_as_new_and_the_page_says_so(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.send("coldroom-1", (OPENED, {"t1": 9.0}), (OPENED - 1.0, {"t1": 9.0}))
    stretch = "from=2026-11-20T00:00&until=2026-11-22T17:30"
    since = datetime.fromisoformat("2026-11-20T00:00+08:00")
    question = Question(rule="gsp-cold-room", since=since, until=world.clock.now())
    await world.send("coldroom-1", (30.0, {"t1": 9.0}), (29.0, {"t1": 9.0}))
    point = await world.point("coldroom-1", "t1")
    answer = await ask(world.connection, question, lambda *_: None, "coldroom-1/t1")
    assert list(answer.found.values()) == [[]]  # it has been going on for 40 days
    html = str((await told(client, f"point={point}&{stretch}"))[-1]["html"])
    assert lane(html, BARS_OF_TRIAL) != []
    assert "by the trial only" not in html  # what was raised then goes on
    assert "neither ended nor went beyond a limit, counts as a new one" in html


async def test_who_cancels_is_told_so_and_the_server_stops(
    new_page: NewPage, world: World, site: Site, work: list[int]
) -> None:
    point = await warmed(world)
    page = await new_page(f"/rules/gsp-cold-room/trial?lang=en&point={point}")
    async with turns(site).slice:  # so that none gets anywhere
        await page.click(".run .primary")
        await expect(page.locator("#progress")).to_be_visible()
        await until(lambda: len(work) == 1)
        await page.click("#cancel")
        await expect(page.locator("#told")).to_have_text("Cancelled.")
        await until(lambda: not work)
    await expect(page.locator("#progress")).to_be_hidden()
    assert "point=" in page.url
    await page.click(".run .primary")
    await page.locator("#came-of-it").wait_for()


async def test_a_server_that_ends_meanwhile_is_told(
    new_page: NewPage, world: World, site: Site, work: list[int]
) -> None:
    point = await warmed(world)
    page = await new_page(f"/rules/gsp-cold-room/trial?lang=en&point={point}")
    failed = page.locator("#told.failed")
    async with turns(site).slice:
        await page.click(".run .primary")
        await until(lambda: len(work) == 1)
        await expect(page.locator("#told")).to_be_empty()
        await site.stop()
        await expect(failed).not_to_be_empty()
    await expect(page.locator("#progress")).to_be_hidden()


async def test_one_trial_for_each_person_and_many_persons_at_once(
    world: World, site: Site, client_of: ClientOf, work: list[int]
) -> None:
    point = await warmed(world)
    query = f"point={point}&{DAY}"
    async with (
        client_of(somebody("first")) as one,
        client_of(somebody("second")) as two,
        client_of(somebody("third")) as three,
    ):
        async with turns(site).slice:
            all_ = [
                asyncio.create_task(told(client, query)) for client in (one, two, three)
            ]
            await until(lambda: len(work) == 3)
            again = asyncio.create_task(told(one, query))
            await asyncio.sleep(0)
            await until(lambda: len(work) == 4)
        first, *others = await asyncio.gather(*all_)
        assert "You have begun another trial" in str(first[-1]["failed"])
        for events in (*others, await again):
            assert "html" in events[-1]
    assert not work


@pytest.mark.parametrize(
    ("bound", "most", "text"),
    [
        ("MOST_READINGS", 100, "More than 100 readings"),
        ("MOST_FOUND", 2, "More than 2 excursions"),
    ],
)
async def test_too_much_of_anything_is_told(
    client: httpx.AsyncClient,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
    most: int,
    text: str,
) -> None:
    point = await warmed(world)
    monkeypatch.setattr(trial, "CHUNK", 20)
    monkeypatch.setattr(trial, bound, most)
    query = f"point={point}&{DAY}&limits=own&warning.above=4.5&excursion.above=7.1"
    events = await told(client, query)
    assert text in str(events[-1]["failed"])
    page = await client.get(f"/rules/gsp-cold-room/trial?{query}", headers=PERSON)
    assert page.status_code == 400
    assert text in page.text


@pytest.mark.parametrize(
    ("query", "zone", "text"),
    [
        ("from=2026-10-22T17:30&until=2026-11-22T17:30", "Asia/Shanghai", ""),
        ("from=2026-10-22T17:29&until=2026-11-22T17:30", "Asia/Shanghai", "31 days"),
        ("from=2026-10-01T00:00&until=2026-11-01T00:00", "Europe/Berlin", ""),
        ("from=2026-10-25T02:30&until=2026-10-25T03:30", "Europe/Berlin", ""),
        ("from=2026-03-29T02:30&until=2026-03-29T03:30", "Europe/Berlin", "before"),
        ("from=2027-01-01T00:00&until=2027-01-02T00:00", "Asia/Shanghai", "before now"),
        (f"{DAY}&limits=own&excursion.above=1e308", "", "less than 1000000000000"),
        (f"{DAY}&limits=own&excursion.above=9e11&excursion.below=-9e11", "", ""),
        (f"{DAY}&limits=own&excursion.deadband=-1", "", "deadband"),
        (f"{DAY}&limits=own&excursion.for=-1m", "", "for"),
    ],
)
async def test_stretches_and_limits_that_are_hard_to_get_right(
    quiet: httpx.AsyncClient, query: str, zone: str, text: str
) -> None:
    headers = {
        **STREAM,
        "Cookie": "; ".join(
            f"{k}={v}" for k, v in {**quiet.cookies, "zone": zone}.items()
        ),
    }
    answer = await quiet.get(
        f"/rules/gsp-cold-room/trial?point=1&{query}", headers=headers
    )
    if text:
        assert answer.status_code == 400
        assert text in answer.json()["detail"]
    else:
        assert answer.status_code == 200
        assert "0 readings judged" in answer.text
        assert "What came of it" in answer.text


async def test_eleven_points_are_too_many(quiet: httpx.AsyncClient) -> None:
    points = "".join(f"&point={n}" for n in range(1, 12))
    (failed,) = await told(quiet, DAY + points)
    assert "at most 10 points" in str(failed["failed"])
