"""Alerts over the API: lists, one, and commands to it."""

from __future__ import annotations

import asyncio
import csv
from uuid import uuid4

import httpx
import pytest

from tests.api.world import API, ENGLISH, FOREIGN, OURS, Api


async def first(api: Api) -> int:
    """An alert of ours."""
    return (await api.get("/alerts"))["items"][0]["id"]


async def test_a_supervisor_sees_the_open_alerts_of_the_region(calm: Api) -> None:
    found = (await calm.get("/alerts"))["items"]
    assert [one["device"]["name"]["en"] for one in found] == [
        "Cold room 2",
        "Cold room 1",
    ]
    one = found[0]
    assert one["state"] == "active-unacknowledged"
    assert one["severity"] == "major"
    assert one["enterprise"]["code"] == OURS
    assert one["rule"]["basis"]["zh"]
    assert one["point"]["unit"] == "°C"


async def test_who_sees_all_sees_the_gravest_first(calm: Api) -> None:
    found = (await calm.get("/alerts", "auditor"))["items"]
    assert found[0]["enterprise"]["code"] == FOREIGN
    assert [one["severity"] for one in found] == ["critical", "major", "major"]


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_pages_hold_each_alert_once(calm: Api, limit: int) -> None:
    found, cursor = [], {}
    while True:
        page = await calm.get("/alerts", "auditor", limit=limit, **cursor)
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    whole = await calm.get("/alerts", "auditor")
    assert found == [one["id"] for one in whole["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"severity": "critical"}, 1),
        ({"severity": "major"}, 3),
        ({"signal": "active"}, 3),
        ({"signal": "returned"}, 0),
        ({"work": "closed", "open": False}, 0),
        ({"rule": "gsp-cold-room"}, 2),
        ({"enterprise": OURS}, 2),
        ({"region": "33"}, 3),
        ({"region": "330000"}, 3),
        ({"region": "3302"}, 1),
        ({"region": "330106"}, 2),
        ({"region": "44"}, 0),
        ({"q": "clinic"}, 1),
        ({"q": "一号冷库"}, 1),
        ({"q": "100%"}, 0),
        ({"overdue": True}, 0),
        ({"shelved": False}, 3),
        ({"opened_from": "2026-11-22T00:00:00Z"}, 3),
        ({"opened_until": "2026-11-22T00:00:00Z"}, 0),
    ],
)
async def test_filters_and_counts_agree(
    calm: Api, query: dict[str, object], expected: int
) -> None:
    found = (await calm.get("/alerts", "auditor", **query))["items"]
    counts = await calm.get("/alerts/count", "auditor", **query)
    assert len(found) == sum(one["alerts"] for one in counts.values()) == expected


async def test_one_alert_says_all_that_explains_it(calm: Api) -> None:
    one = await calm.get(f"/alerts/{await first(calm)}")
    assert one["possible"] == ["acknowledge", "shelve", "comment"]
    assert one["excursions"][0]["peak"] == 9.4
    assert any("8" in level["limit"]["en"] for level in one["limits"])
    assert one["links"]["successors"] == []
    assert one["telephone"] == "0571-00000001"


async def test_journal_and_copies_are_told(calm: Api) -> None:
    alert = await first(calm)
    journal = await calm.get(f"/alerts/{alert}/journal")
    assert journal[0]["event"] == "opened"
    assert [entry["n"] for entry in journal] == list(range(1, len(journal) + 1))
    page = await calm.get(f"/alerts/{alert}/readings", limit=10)
    times = [one["time"] for one in page["items"]]
    while page["next"]:
        page = await calm.get(
            f"/alerts/{alert}/readings", limit=10, cursor=page["next"]
        )
        times += [one["time"] for one in page["items"]]
    assert times == sorted(set(times))
    assert len(times) == 31


async def test_a_command_changes_the_state_and_is_journalled(api: Api) -> None:
    alert = await first(api)
    revision = (await api.get(f"/alerts/{alert}"))["revision"]
    answer = await api.command(alert, "acknowledge", revision=revision)
    assert answer.status_code == 200
    done = answer.json()
    assert done["state"] == "active-acknowledged"
    assert done["entry"]["actor"] == "supervisor"
    assert "assign" in done["possible"]
    assert not done["repeated"]
    journal = await api.get(f"/alerts/{alert}/journal")
    assert journal[-1] == done["entry"]


async def test_a_repetition_is_answered_as_the_first_and_does_nothing(api: Api) -> None:
    alert, name = await first(api), str(uuid4())
    answers = [
        (await api.command(alert, "acknowledge", id=name)).json() for _ in range(2)
    ]
    assert answers[0]["entry"] == answers[1]["entry"]
    assert [one["repeated"] for one in answers] == [False, True]


async def test_what_is_not_possible_says_what_is(calm: Api) -> None:
    alert = await first(calm)
    answer = await calm.command(alert, "close", reason="no")
    assert answer.status_code == 409
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:blackbox:problem:state"
    assert problem["possible"] == ["acknowledge", "shelve", "comment"]
    assert "acknowledge" in problem["detail"]


async def test_a_stale_command_is_told_the_revision_of_now(api: Api) -> None:
    alert = await first(api)
    assert (await api.command(alert, "acknowledge", revision=1)).status_code == 200
    answer = await api.command(alert, "acknowledge", revision=1)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:blackbox:problem:stale"
    assert answer.json()["revision"] == 2


async def test_of_two_at_once_one_wins(api: Api) -> None:
    alert = await first(api)
    answers = await asyncio.gather(
        *(api.command(alert, "acknowledge", revision=1) for _ in range(4))
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("enterprise", "acknowledge"),
        ("auditor", "unshelve"),
        ("administrator", "close"),
    ],
)
async def test_a_role_that_may_not_is_told_so(calm: Api, role: str, name: str) -> None:
    answer = await calm.command(await first(calm), name, role)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:blackbox:problem:role"
    assert name not in answer.json()["possible"]


async def test_the_table_is_for_spreadsheets(api: Api) -> None:
    name = '=HYPERLINK("http://x")'
    await api.rows("UPDATE point SET name_zh = %(name)s, name_en = %(name)s", name=name)
    client = api.clients["auditor"]
    answer = await client.get(f"{API}/alerts.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("\ufeffnumber,")
    rows = list(csv.reader(text.lstrip("\ufeff").splitlines()))
    assert len(rows) == 1 + 3
    assert rows[1][9] == f"'{name}"
    chinese = await client.get(f"{API}/alerts.csv", headers={"Accept-Language": "zh"})
    assert chinese.text.startswith("\ufeff编号,")


async def test_problems_are_in_the_language_asked_for(calm: Api) -> None:
    client = calm.clients["auditor"]
    chinese = await client.get(f"{API}/alerts/9", headers={"Accept-Language": "zh-CN"})
    english = await client.get(f"{API}/alerts/9", headers=ENGLISH)
    assert chinese.json()["title"] == "没有此项"
    assert english.json()["title"] == "No such thing"
    assert english.json()["instance"] == "/api/v1/alerts/9"


async def test_a_browser_gets_problems_too(calm: Api) -> None:
    async with httpx.AsyncClient(base_url=calm.site.address) as nobody:
        answer = await nobody.get(f"{API}/alerts", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Bearer" in answer.headers["www-authenticate"]


async def test_people_and_programs_are_refused_in_the_same_words(calm: Api) -> None:
    alert = await first(calm)
    told = (await calm.command(alert, "close", reason="no")).json()["detail"]
    assert told == (
        f"Alert {alert} is active, unacknowledged, so “close” is not possible, and"
        " nothing was changed. Possible now: acknowledge, shelve, comment."
    )
