"""A site changes hands: what was before stays the former owner's, what comes is the new one's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, LiteralString

import pytest

from domain.errors import RegistryError
from domain.people import EVERYTHING, NOTHING, Scope, subtree
from ingest.door import Message
from ingest.requests import carry_out
from storage import chain, charts, overview, registry, requests
from storage.charts import Slices
from storage.connect import connect
from storage.scope import Window, clip, scoped, windows
from storage.unit import Connection
from tests.database.box import CODE, WORLD, Box, apply, messages, opened
from tests.series import at, series
from tests.services import Database

HEIR = "91330203MA28XY002D"
HEIRS = f"""
enterprises:
  {HEIR}:
    name: East Lake Pharma
    kind: wholesaler
    sites:
      SITE:
        {{name: Shop, kind: pharmacy, region: 330203, telephone: 0574-1, devices: {{
          DEVICE: {{name: Logger, points: {{t1: {{quantity: temperature, resolution: 0.1, timeline: [
            {{from: 2026-01-01T00:00:00Z, zone: cool, interval: 1m, rules: []}}]}}}}}}}}}}
"""
HOUR = at("1h")
"""When the site goes over."""


def heirs(site: str = "shop", device: str = "till") -> str:
    return HEIRS.replace("SITE", site).replace("DEVICE", device)


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    """Of the world and the heir."""
    async with opened(database) as one:
        await apply(one, heirs())
        await one.intake.reload()
        yield one


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Connection]:
    async with await connect(database.url("web"), name="tests") as connection:
        yield connection


async def asked(
    box: Box, body: Any, now: datetime = HOUR, kind: Any = "transfer"
) -> Any:
    number = await requests.submit(
        box.connection, box.intake.share, kind, body, "chief"
    )
    await carry_out(box.intake, now)
    return await requests.outcome(box.connection, number)


async def goes_over(
    box: Box, now: datetime = HOUR, of: str = CODE, to: str = HEIR
) -> datetime:
    outcome = await asked(box, {"code": of, "site": "store-1", "to": to}, now)
    assert outcome["done"], outcome
    return datetime.fromisoformat(outcome["since"])


async def enterprise(box: Box, code: str) -> int:
    return await box.scalar("SELECT id FROM enterprise WHERE code = %s", code)


async def own(box: Box, code: str) -> Scope:
    return Scope(1, 0, await enterprise(box, code), box=False)


def under(code: str, found: list[Message]) -> list[Message]:
    """What the devices send, under the code of another owner."""
    return [Message(m.topic.replace(CODE, code), m.payload) for m in found]


async def feed(box: Box, start: str, text: str, code: str = HEIR) -> None:
    found = series(at(start).isoformat(), "1m", text)
    last = found[-1].time + timedelta(minutes=1)
    await box.commit(under(code, messages(found)), max(last, HOUR))


async def column(web: Connection, scope: Scope, query: LiteralString) -> list[Any]:
    async with scoped(web, scope):
        cursor = await web.execute(query)
        return [row[0] for row in await cursor.fetchall()]


# Carrying it out ----------------------------------------------------------------------


async def test_a_site_goes_over_with_its_devices_and_the_chain_holds(box: Box) -> None:
    assert await goes_over(box) == HOUR
    owner, heir = await enterprise(box, CODE), await enterprise(box, HEIR)
    assert await box.rows(
        "SELECT valid_from, enterprise FROM site_owner ORDER BY 1"
    ) == [
        (datetime.fromisoformat("2000-01-01T00:00Z"), owner),
        (HOUR, heir),
    ]
    assert box.intake.registry.device(CODE, "logger-1") is None
    device = box.intake.registry.device(HEIR, "logger-1")
    assert device is not None
    assert device.enterprise == device.owner(HOUR) == heir
    assert device.owner(HOUR - datetime.resolution) == owner
    event = await box.rows("SELECT kind, detail->>'by', detail->>'to' FROM box_event")
    assert event == [("site_transferred", "chief", HEIR)]
    verified = await chain.verify(box.connection, lambda done, total: None)
    assert verified.fault is None


async def test_a_change_of_owner_never_lies_before_what_was_measured(box: Box) -> None:
    await box.feed("5x70")
    assert await goes_over(box, at("1h")) == at("1h9m") + datetime.resolution


async def test_a_site_comes_back(box: Box) -> None:
    await goes_over(box)
    await goes_over(box, at("2h"), HEIR, CODE)
    await goes_over(box, at("2h"))
    device = box.intake.registry.device(HEIR, "logger-1")
    assert device is not None
    owners = [device.owner(at(time)) for time in ("0s", "1h30m", "2h", "3h")]
    owner, heir = await enterprise(box, CODE), await enterprise(box, HEIR)
    assert owners == [owner, heir, owner, heir]


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"code": CODE, "site": "x", "to": HEIR}, [f"enterprise {CODE} has no site x"]),
        ({"code": "y", "site": "store-1", "to": "z"},
         ["enterprise y is not registered", "enterprise z is not registered"]),
        ({"code": CODE, "site": "store-1", "to": CODE},
         [f"enterprise {CODE} cannot take over from itself"]),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_said(
    box: Box, body: Any, problems: list[str]
) -> None:
    assert await asked(box, body) == {"done": False, "problems": problems}
    assert await box.rows("SELECT FROM site_owner") == []


@pytest.mark.parametrize(
    "body", [{}, "x", {"code": CODE}, {"code": "\0", "site": "x", "to": "y"},
             {"code": CODE, "site": "store-1", "to": HEIR, "from": "2020-01-01T00:00Z"}],
)  # fmt: skip
async def test_a_malformed_request_is_refused(box: Box, body: Any) -> None:
    assert (await asked(box, body))["done"] is False


async def test_names_that_clash_are_all_said(box: Box) -> None:
    await apply(box, heirs("store-1", "logger-2"))
    outcome = await asked(box, {"code": CODE, "site": "store-1", "to": HEIR})
    assert [problem.split(":")[0] for problem in outcome["problems"]] == [
        "site store-1",
        "device logger-2",
    ]
    assert box.intake.registry.device(CODE, "logger-1") is not None


async def test_the_file_of_the_former_owner_does_not_make_the_site_anew(
    box: Box,
) -> None:
    await goes_over(box)
    with pytest.raises(RegistryError) as refused:
        await apply(box, WORLD, HOUR)
    (problem,) = refused.value.problems
    assert problem.startswith(f"site {CODE}/store-1 went over to {HEIR}")


async def test_the_new_owner_goes_on_with_the_file_under_its_code(box: Box) -> None:
    await goes_over(box)
    await apply(box, WORLD.replace(CODE, HEIR), HOUR)
    before = await registry.version(box.connection)
    await apply(box, WORLD.replace(CODE, HEIR), HOUR)
    assert await registry.version(box.connection) == before
    assert len(await box.rows("SELECT FROM device WHERE key = 'logger-1'")) == 1


async def test_a_device_with_a_past_does_not_move_to_a_site_with_another(
    box: Box,
) -> None:
    await goes_over(box)
    with pytest.raises(
        RegistryError, match=rf"device {HEIR}/logger-2 cannot move from site store-1"
    ):
        await apply(box, heirs("shop", "logger-2"), HOUR)


# Who sees what ------------------------------------------------------------------------


async def test_each_owner_sees_its_time(box: Box, web: Connection) -> None:
    point = box.point()
    async with scoped(web, await own(box, HEIR)):
        assert await windows(web, [point]) == {}
    await goes_over(box)
    seen = {
        CODE: [Window(datetime.fromisoformat("2000-01-01T00:00Z"), HOUR)],
        HEIR: [Window(HOUR, None)],
    }
    for code, expected in seen.items():
        async with scoped(web, await own(box, code)):
            assert await windows(web, [point, 10_000]) == {point: expected}
    for scope in (EVERYTHING, subtree("330100")):
        async with scoped(web, scope):
            assert await windows(web, [point]) == {point: [Window(None, None)]}
    for scope in (NOTHING, subtree("320000")):
        async with scoped(web, scope):
            assert await windows(web, [point]) == {}


async def test_what_the_new_owner_registers_the_former_does_not_see(
    box: Box, web: Connection
) -> None:
    async def seen(scope: Scope, query: LiteralString) -> set[tuple[Any, ...]]:
        async with scoped(web, scope):
            return set(await (await web.execute(query)).fetchall())

    devices: LiteralString = "SELECT key FROM device"
    points: LiteralString = "SELECT point.key FROM point"
    former = await own(box, CODE)
    before = [await seen(former, query) for query in (devices, points)]
    settings = await seen(former, "SELECT point, valid_from FROM point_setting")
    await goes_over(box)
    file = WORLD.replace(CODE, HEIR)
    assert file.count("logger-2:") == 1
    await apply(box, file.replace("logger-2:", "logger-9:"), HOUR)
    assert [await seen(former, query) for query in (devices, points)] == before
    assert await seen(former, "SELECT point, valid_from FROM point_setting") <= settings
    for scope in (await own(box, HEIR), subtree("330100"), EVERYTHING):
        assert ("logger-9",) in await seen(scope, devices)


def test_ranges_are_clipped_to_what_is_seen() -> None:
    zero, one, two, three = (at(f"{n}h") for n in range(4))
    assert clip([Window(None, None)], zero, one) == [(zero, one)]
    assert clip([Window(None, one), Window(two, None)], zero, three) == [
        (zero, one),
        (two, three),
    ]
    assert clip([Window(None, one)], one, two) == []
    assert clip([], zero, one) == []
    assert clip([Window(None, None)], one, zero) == []


async def test_an_excursion_over_the_change_is_two_each_with_the_alert_of_its_owner(
    box: Box, web: Connection
) -> None:
    await box.feed("5 9x59")
    await goes_over(box)
    await feed(box, "1h", "9x5 5 5")
    assert [s for s in await spans(box) if s[0] == "excursion"] == [
        ("excursion", 1, 60),
        ("excursion", 60, 65),
    ]
    owner, heir = await enterprise(box, CODE), await enterprise(box, HEIR)
    alerts = await box.rows("SELECT enterprise, predecessor FROM alert ORDER BY id")
    assert alerts == [(owner, None), (heir, None)]
    for code, starts in ((CODE, [at("1m")]), (HEIR, [HOUR])):
        scope = await own(box, code)
        begun = "SELECT started FROM excursion WHERE level = 'excursion'"
        assert await column(web, scope, begun) == starts
        assert len(await column(web, scope, "SELECT id FROM alert")) == 1
        times = await column(web, scope, "SELECT time FROM alert_reading")
        assert times
        assert all((time >= HOUR) == (code == HEIR) for time in times)
        assert await column(web, scope, "SELECT n FROM journal ORDER BY n")
    assert len(await column(web, EVERYTHING, "SELECT id FROM alert")) == 2
    await box.check()


async def test_a_chart_is_of_its_owners_time(box: Box, web: Connection) -> None:
    point = box.point()
    await box.feed("5 9x59")
    await goes_over(box)
    await feed(box, "1h", "9x5 5 5")
    slices = Slices(point=point, start=at("0s"), until=at("2h"), width=60.0)
    whole = {CODE: (60, 1), HEIR: (7, 1)}
    for code, expected in whole.items():
        async with scoped(web, await own(box, code)):
            (part,) = await charts.seen(web, slices)
            name = await charts.point(web, point)
            assert name is not None
            assert (
                name.enterprise_en
                == ("West" if code == CODE else "East") + " Lake Pharma"
            )
            buckets = await charts.series(web, part)
            shades = [
                s for s in await charts.excursions(web, part) if s.level == "excursion"
            ]
            assert (len(buckets), len(shades)) == expected
            settings = await charts.settings(web, point, slices.start, slices.until)
            assert all((one.valid_from >= HOUR) == (code == HEIR) for one in settings)
    async with scoped(web, EVERYTHING):
        assert await charts.seen(web, slices) == [slices]
    async with scoped(web, NOTHING):
        assert await charts.seen(web, slices) == []
        assert await charts.point(web, point) is None


async def test_the_live_page_shows_the_new_owner_no_older_value(
    box: Box, web: Connection
) -> None:
    await box.feed("5x60")
    await goes_over(box)
    for code, lines in ((CODE, []), (HEIR, [None])):
        async with scoped(web, await own(box, code)):
            found = await overview.points(web, now=at("61m"))
        assert [one.time for one in found if one.device_en == "Logger"][:1] == lines
    async with scoped(web, EVERYTHING):
        found = await overview.points(web, now=at("61m"))
    assert at("59m") in [one.time for one in found]


async def spans(box: Box) -> list[tuple[str, int, int | None]]:
    return [
        (e.level, round((e.start - at("0s")).total_seconds() / 60),
         e.end and round((e.end - at("0s")).total_seconds() / 60))
        for e in sorted(await box.excursions(), key=lambda e: (e.level, e.start))
    ]  # fmt: skip


async def test_what_comes_late_belongs_to_whose_time_it_is_of(
    box: Box, web: Connection
) -> None:
    await box.feed("5x20")
    await goes_over(box)
    await feed(box, "1h", "9x5 5")
    await feed(box, "30m", "9x5 5")
    assert await box.rows("SELECT enterprise FROM alert ORDER BY id") == [
        (await enterprise(box, HEIR),),
        (await enterprise(box, CODE),),
    ]
    for code, n in ((CODE, [2]), (HEIR, [1])):
        found = await column(
            web, await own(box, code), "SELECT id - min(id) OVER () FROM alert"
        )
        assert len(found) == len(n)


async def test_a_finding_of_a_device_does_not_go_on_with_the_new_owner(
    box: Box,
) -> None:
    contradiction = series(at("0s").isoformat(), "1m", "6")
    await box.feed("5")
    await box.commit(messages(contradiction))
    await goes_over(box, at("11h"))
    await box.commit(
        under(HEIR, messages(series(at("11h").isoformat(), "1m", "5"))), at("12h")
    )
    await box.commit(
        under(HEIR, messages(series(at("11h").isoformat(), "1m", "6"))), at("60h")
    )
    found = await box.rows(
        "SELECT enterprise, predecessor, returned_at IS NULL FROM alert"
        " WHERE rule = 'conflict' ORDER BY id"
    )
    assert found == [
        (await enterprise(box, CODE), None, False),
        (await enterprise(box, HEIR), None, True),
    ]


async def test_settings_maintenance_and_completeness_are_of_their_time(
    box: Box, web: Connection
) -> None:
    point = box.point()
    await asked(box, window("1h10m", "1h20m"), at("0s"), "maintenance")
    await goes_over(box)
    await asked(box, {**window("2h", "3h"), "code": HEIR}, HOUR, "maintenance")
    await box.rows(
        "INSERT INTO completeness SELECT %s, '2026-11-21'::date + n, 1, 1"
        "  FROM generate_series(0, 2) AS n RETURNING day",
        point,
    )
    old, new = await own(box, CODE), await own(box, HEIR)
    begins = "SELECT begins FROM maintenance ORDER BY 1"
    assert await column(web, old, begins) == []
    assert await column(web, new, begins) == [at("1h10m"), at("2h")]
    since = (
        "SELECT DISTINCT valid_from FROM point_setting WHERE zone = 'cold' ORDER BY 1"
    )
    assert max(await column(web, old, since)) < HOUR
    assert min(await column(web, new, since)) == HOUR
    days = "SELECT day::text FROM completeness ORDER BY day"
    assert await column(web, old, days) == ["2026-11-21"]
    assert await column(web, new, days) == ["2026-11-23"]
    assert len(await column(web, EVERYTHING, days)) == 3


def window(begins: str, ends: str) -> dict[str, Any]:
    return {
        "code": CODE, "site": "store-1", "reason": "defrosting",
        "begins": at(begins).isoformat(), "ends": at(ends).isoformat(),
    }  # fmt: skip
