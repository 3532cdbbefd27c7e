"""The registry in the database: applied by the ingestor's role, loaded, shown, asked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.chain import GENESIS
from domain.errors import RegistryError
from domain.people import EVERYTHING as WHOLE
from domain.registry import InUse
from domain.registry_file import ResolvedRegistry, parse, resolved
from rules import catalogue
from storage import readings, registry, requests
from storage.connect import connect
from storage.point_settings import READ_SINCE
from storage.scope import scoped
from storage.unit import Connection, Unit, unit_of_work
from tests.services import Database

DEMO = Path(__file__).parents[2] / "simulators/scenarios/demo.registry.yaml"
WORLD = DEMO.read_text(encoding="utf-8")
B, C = "91330203MA28XY002D", "91330604MA29XY0036"
EVERYTHING = 4 + 6 + 13 + 41 + 41
"""Enterprises, sites, devices, points and stretches of the demo world."""
NOW = datetime(2026, 7, 15, tzinfo=UTC)
SHARE, OTHER_SHARE = 1, 2

SMALL = """
enterprises:
  91330203MA28XY002D:
    name: Clinic
    kind: clinic
    sites:
      clinic-1:
        {name: Clinic, kind: clinic, region: 330203, telephone: 0574-88880000, devices: {
          refrigerator-1: {name: Refrigerator, points: {t1: {quantity: temperature, resolution: 0.1, timeline: [
            TIMELINE
          ]}}}}}
"""
FIRST = "{from: 2026-01-01T00:00:00Z, zone: cold, interval: 5m, rules: [who-refrigerator-heat]}"
LATER = "{from: 2026-08-01T00:00:00Z, zone: cool}"


def small(*timeline: str) -> str:
    """A registry of one point with that timeline."""
    return SMALL.replace("TIMELINE", ", ".join(timeline or [FIRST]))


def read(text: str) -> ResolvedRegistry:
    """A file with its rules, as the ingestor would have it."""
    return resolved(
        parse(text), lambda rule, limits: catalogue.resolve(rule, limits).to_version()
    )


@asynccontextmanager
async def ingestor(database: Database) -> AsyncIterator[Connection]:
    """A connection of the ingestor's role, with two shares to write for."""
    async with await connect(database.url("ingest"), name="tests") as connection:
        for number in (SHARE, OTHER_SHARE):
            await connection.execute(
                "INSERT INTO share (id, name, digest) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (number, f"33/0{number}", GENESIS),
            )
        yield connection


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    async with ingestor(database) as opened:
        yield opened


async def in_unit(
    connection: Connection, work: Callable[[Unit], Awaitable[Any]], share: int = SHARE
) -> Any:
    """Do `work` in a unit of its own, and commit."""
    async with unit_of_work(
        connection, share=share, kind="registry", arrived=NOW
    ) as unit:
        return await work(unit)


async def apply(
    connection: Connection, text: str, share: int = SHARE
) -> registry.Applied:
    """Bring in a file and commit."""
    file = read(text)
    return await in_unit(connection, lambda unit: registry.apply(unit, file), share)


async def refused(connection: Connection, text: str, share: int = SHARE) -> list[str]:
    """The problems of a file that the database cannot take."""
    before = await rows(connection)
    with pytest.raises(RegistryError) as error:
        await apply(connection, text, share)
    assert await rows(connection) == before, "nothing was written"
    return error.value.problems


async def rows(connection: Connection) -> list[Any]:
    """Everything that an application could change."""
    cursor = await connection.execute("""
        SELECT (SELECT version FROM registry_head),
               (SELECT json_agg(e ORDER BY id)::text FROM enterprise e),
               (SELECT json_agg(s ORDER BY id)::text FROM site s),
               (SELECT json_agg(d ORDER BY id)::text FROM device d),
               (SELECT json_agg(p ORDER BY id)::text FROM point p),
               (SELECT json_agg(t ORDER BY point, valid_from, intake)::text
                  FROM point_setting t),
               (SELECT json_agg(version ORDER BY version)::text FROM rule_version)""")
    return await cursor.fetchall()


async def measure(connection: Connection, *times: datetime) -> None:
    """Readings of the one point of a small registry."""
    await readings.ensure_range(connection, min(times), max(times))
    (point,) = (await registry.load(connection)).points
    for time in times:
        await connection.execute(
            "INSERT INTO reading (point, time, intake, value, quality, provenance)"
            " VALUES (%s, %s, 1, 5.0, 0, 0)",
            (point, time),
        )


async def point_of(connection: Connection) -> Any:
    """The one point of a small registry."""
    (point,) = (await registry.load(connection)).points.values()
    return point


# Applying ------------------------------------------------------------------------------


async def test_nothing_is_registered_at_first(connection: Connection):
    assert await registry.version(connection) == 0
    assert (await registry.load(connection)).devices == {}
    assert await registry.rule_versions(connection) == {}
    assert await registry.show(connection) == []


async def test_file_is_found_again_in_the_loaded_registry(connection: Connection):
    applied = await apply(connection, WORLD)
    assert (applied.version, applied.changed, applied.unchanged) == (1, 0, 0)
    assert applied.added == len(applied.texts) == EVERYTHING
    loaded = await registry.load(connection)
    assert loaded.version == await registry.version(connection) == 1
    device = loaded.device(B, "refrigerator-1")
    assert device
    assert (device.region, device.time_zone) == ("330203", None)
    assert list(device.points) == ["t1", "door", "power"]
    file = read(WORLD)
    assert await registry.rule_versions(connection) == file.versions
    timelines = {
        (each.enterprise_code, each.key, point.key): point.timeline
        for each in loaded.devices.values()
        for point in each.points.values()
    }
    assert timelines == file.timelines


async def test_second_application_finds_nothing_to_do(connection: Connection):
    await apply(connection, WORLD)
    before = await rows(connection)
    applied = await apply(connection, WORLD)
    assert (applied.version, applied.added, applied.changed) == (1, 0, 0)
    assert applied.unchanged == EVERYTHING
    assert applied.text == "registry version 1: unchanged"
    assert await rows(connection) == before


async def test_change_is_told_with_old_and_new_and_keeps_the_numbers(
    connection: Connection,
):
    await apply(connection, WORLD)
    numbers = set((await registry.load(connection)).points)
    text = WORLD.replace("0574-00000002", "0574-00000003").replace(
        "[vaccine]", "[blood]"
    )
    text = text.replace("en: Vaccine refrigerator}", "en: Vaccine fridge}")
    applied = await apply(connection, text)
    assert applied.texts == (
        f"enterprise {B}: high_risk ['vaccine'] → ['blood']",
        f"site {B}/clinic-1: telephone '0574-00000002' → '0574-00000003'",
        f"device {B}/refrigerator-1: name_en 'Vaccine refrigerator' → 'Vaccine fridge'",
    )
    assert applied.text == "registry version 2: 0 added, 3 changed, 102 unchanged"
    assert applied.detail == {
        "version": 2,
        "added": 0,
        "changed": 3,
        "unchanged": 102,
        "texts": list(applied.texts),
    }
    assert set((await registry.load(connection)).points) == numbers


async def test_what_a_file_does_not_name_stays(connection: Connection):
    await apply(connection, WORLD)
    limits = between("  who-refrigerator-heat:", "  temperature-trend:")
    clinic = between(f"  {B}:", f"  {C}:")
    applied = await apply(connection, f"limits:\n{limits}enterprises:\n{clinic}")
    assert applied.texts == ()
    assert len((await registry.load(connection)).points) == 41


def between(one: str, other: str) -> str:
    """A piece of the world."""
    return WORLD[WORLD.index(one) : WORLD.index(other)]


async def test_device_moves_to_another_site_with_its_number(connection: Connection):
    await apply(connection, small())
    before = await point_of(connection)
    text = small().replace("clinic-1:", "branch:")
    applied = await apply(connection, text)
    assert applied.texts[1:] == (
        f"device {B}/refrigerator-1: site 'clinic-1' → 'branch'",
    )
    assert await point_of(connection) == before


async def test_position_and_sizes_come_and_go(connection: Connection):
    text = small().replace(
        "kind: clinic, region", "area_m2: 9.5, position: {longitude: 120, latitude: 30}, kind: clinic, region"
    )  # fmt: skip
    applied = await apply(connection, text)
    assert "area_m2 9.5, height_m None, " in applied.texts[1]
    assert "longitude 120.0, latitude 30.0" in applied.texts[1]
    applied = await apply(connection, small())
    assert applied.texts == (
        f"site {B}/clinic-1: area_m2 9.5 → None, longitude 120.0 → None, latitude 30.0 → None",
    )


# Timelines -----------------------------------------------------------------------------


async def test_new_entry_is_added_to_the_timeline(connection: Connection):
    await apply(connection, small(FIRST))
    later = "{from: 2026-08-01T00:00:00Z, in_use: empty, calibration_due: 2027-01-31}"
    applied = await apply(connection, small(FIRST, later))
    (version,) = await registry.rule_versions(connection)
    (text,) = applied.texts
    assert text == (
        f"point {B}/refrigerator-1/t1 from 2026-08-01T00:00:00+00:00: zone cold, "
        "interval 5m, max_gap 15m, empty, calibration due 2027-01-31, "
        f"rules: who-refrigerator-heat {version}"
    )
    first, second = (await point_of(connection)).timeline
    assert (first.in_use, second.in_use) == (InUse.COMMISSIONED, InUse.EMPTY)
    assert second.calibration_due == date(2027, 1, 31)


async def test_of_two_settings_from_one_time_the_newer_holds(connection: Connection):
    await apply(connection, small(FIRST))
    applied = await apply(connection, small(FIRST.replace("zone: cold", "zone: cool")))
    assert (applied.added, applied.changed) == (0, 1)
    (setting,) = (await point_of(connection)).timeline
    assert setting.zone == "cool"
    cursor = await connection.execute("SELECT count(*) FROM point_setting")
    assert await cursor.fetchone() == (2,), "the older stays as it was"


async def test_entry_that_changes_nothing_is_not_stored(connection: Connection):
    await apply(connection, small(FIRST, LATER.replace("cool", "cold")))
    assert len((await point_of(connection)).timeline) == 1


async def test_entry_is_compared_with_what_comes_before_it(connection: Connection):
    await apply(connection, small(FIRST, LATER.replace("cool", "cold")))
    await apply(
        connection,
        small(FIRST.replace("zone: cold", "zone: cool"), LATER.replace("cool", "cold")),
    )
    zones = [setting.zone for setting in (await point_of(connection)).timeline]
    assert zones == ["cool", "cold"]


async def test_entry_from_before_the_newest_reading_is_refused(connection: Connection):
    await apply(connection, small(FIRST))
    since = datetime(2026, 8, 1, tzinfo=UTC)
    await measure(connection, since - timedelta(days=40), since)
    (problem,) = await refused(connection, small(FIRST, LATER))
    assert problem == (
        f"point {B}/refrigerator-1/t1 from 2026-08-01T00:00:00+00:00: the point has readings "
        "since, such as that of 2026-08-01T00:00:00+00:00; what was judged is not judged again, "
        "give a time to come"
    )  # fmt: skip
    (problem,) = await refused(connection, small(FIRST.replace("5m", "6m")))
    assert "from 2026-01-01T00:00:00+00:00: the point has readings since" in problem


async def test_entry_from_after_the_newest_reading_is_taken(connection: Connection):
    await apply(connection, small(FIRST))
    since = datetime(2026, 8, 1, tzinfo=UTC)
    await measure(connection, since - timedelta(microseconds=1))
    applied = await apply(connection, small(FIRST, LATER))
    assert applied.added == 1


async def test_entry_of_the_past_is_taken_where_nothing_was_measured_since(
    connection: Connection,
):
    await apply(connection, small(FIRST))
    since = NOW - timedelta(days=10)
    await measure(connection, since - timedelta(minutes=5))
    past = LATER.replace("2026-08-01T00:00:00Z", since.isoformat())
    applied = await apply(connection, small(FIRST, past))
    assert applied.added == 1
    (_, setting) = (await point_of(connection)).timeline
    assert (setting.valid_from, setting.zone) == (since, "cool")


async def test_names_change_at_any_time(connection: Connection):
    await apply(connection, small(FIRST))
    await measure(connection, NOW)
    applied = await apply(
        connection, small(FIRST).replace("name: Ref", "name: Deep ref")
    )
    assert applied.changed == 1


async def test_setting_of_another_share_is_not_overruled_in_vain(
    connection: Connection,
):
    await apply(connection, small(FIRST), share=OTHER_SHARE)
    changed = small(FIRST.replace("zone: cold", "zone: cool"))
    (problem,) = await refused(connection, changed, share=SHARE)
    assert "another share has set this, and its word stands; apply it there" in problem
    await apply(connection, changed, share=OTHER_SHARE)
    applied = await apply(connection, changed, share=SHARE)
    assert applied.texts == ()


async def test_point_cannot_change_what_it_measures(connection: Connection):
    await apply(
        connection, small("{from: 2026-01-01T00:00:00Z, zone: cold, interval: 5m}")
    )
    text = small("{from: 2026-01-01T00:00:00Z, zone: cold, interval: 5m}").replace(
        "quantity: temperature, resolution: 0.1",
        "quantity: ph, resolution: 0.1, name: pH",
    )
    point = f"point {B}/refrigerator-1/t1"
    advice = "register a new point under another key"
    assert await refused(connection, text) == [
        f"{point}: its quantity is temperature and cannot change to ph; {advice}",
        f"{point}: its unit is °C and cannot change to pH; {advice}",
    ]


async def until_blocked(connection: Connection) -> None:
    """Return once another session waits for a lock."""
    blocked = """SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    for _ in range(1000):
        if await (await connection.execute(blocked)).fetchone() != (0,):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("nobody waits")


async def test_two_shares_that_apply_at_once_take_turns(
    database: Database, connection: Connection
):
    file = read(WORLD)
    async with ingestor(database) as other:
        async with unit_of_work(
            connection, share=SHARE, kind="registry", arrived=NOW
        ) as unit:
            first = await registry.apply(unit, file)
            waiting = asyncio.create_task(apply(other, WORLD, OTHER_SHARE))
            await until_blocked(connection)
        second = await waiting
    assert (first.added, second.added, second.version) == (EVERYTHING, 0, 1)


async def test_question_for_readings_since_is_answered_from_the_index(
    connection: Connection,
):
    await apply(connection, small(FIRST))
    await measure(connection, NOW)
    await connection.execute("SET enable_seqscan = off")
    cursor = await connection.execute(f"EXPLAIN {READ_SINCE}", ([1], [NOW]))
    plan = "\n".join(line for (line,) in await cursor.fetchall())
    assert "Index" in plan
    assert "Seq Scan" not in plan


def histories() -> st.SearchStrategy[list[str]]:
    """Timelines of one to four entries, on a grid of a few days, saying a few things."""
    says = st.sampled_from(
        ["", ", zone: cool", ", in_use: empty", ", rules: []", ", interval: 10m"]
    )
    start = st.sampled_from(["", ", rules: [who-refrigerator-heat]"])
    days = st.lists(st.integers(2, 8), unique=True, max_size=3).map(sorted)

    @st.composite
    def history(draw: st.DrawFn) -> list[str]:
        first = (
            "{from: 2026-01-01T00:00:00Z, zone: cold, interval: 5m" + draw(start) + "}"
        )
        more = [f"{{from: 2026-01-0{day}T00:00:00Z{draw(says)}}}" for day in draw(days)]
        return [first, *more]

    return history()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(histories(), min_size=1, max_size=3))
def test_applying_twice_is_applying_once(database: Database, files: list[list[str]]):
    async def check() -> None:
        async with ingestor(database) as connection:
            for timeline in files:
                await apply(connection, small(*timeline))
                before = await rows(connection)
                assert (await apply(connection, small(*timeline))).texts == ()
                assert await rows(connection) == before
                point = await point_of(connection)
                for setting in read(small(*timeline)).timelines[
                    (B, "refrigerator-1", "t1")
                ]:
                    held = point.setting(setting.valid_from)
                    assert (held.zone, held.interval, held.rules, held.in_use) == (
                        setting.zone, setting.interval, setting.rules, setting.in_use,
                    )  # fmt: skip

    asyncio.run(check())


# Roles ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["web", "dispatch", "retention"])
async def test_no_other_role_can_apply(
    database: Database, connection: Connection, role: str
):
    await apply(connection, small())
    async with await connect(database.url(role), name="tests") as other:
        async with scoped(other, WHOLE):
            assert len((await registry.load(other)).points) == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await other.execute("UPDATE point SET unit = 'K'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await other.execute("UPDATE registry_head SET version = 7")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE point_setting SET zone = 'x'",
        "DELETE FROM point_setting",
        "UPDATE rule_version SET rule = 'x'",
        "DELETE FROM rule_version",
        "DELETE FROM point",
    ],
)
async def test_history_cannot_be_rewritten_by_the_ingestor(
    connection: Connection, statement: LiteralString
):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute(statement)


# Showing -------------------------------------------------------------------------------


async def test_show_tells_what_is_in_force(connection: Connection):
    await apply(connection, small(FIRST, LATER))
    (line,) = await registry.show(connection)
    assert (line.enterprise, line.site, line.device, line.point) == (
        B,
        "clinic-1",
        "refrigerator-1",
        "t1",
    )
    assert (line.zone, line.interval, line.rules) == (
        "cool",
        timedelta(minutes=5),
        ["who-refrigerator-heat"],
    )
    (then,) = await registry.show(connection, NOW)
    assert (then.zone, then.valid_from) == ("cold", datetime(2026, 1, 1, tzinfo=UTC))
    (before,) = await registry.show(connection, datetime(2025, 1, 1, tzinfo=UTC))
    assert (before.zone, before.valid_from, before.rules) == (None, None, [])


# Requests ------------------------------------------------------------------------------


async def test_request_wakes_the_writer_and_waits_for_it(
    database: Database, connection: Connection
):
    await connection.execute("LISTEN blackbox_request")
    async with await connect(database.url("web"), name="tests") as web:
        body = {"text": "name: 冷库 \0"}
        number = await requests.submit(web, SHARE, "registry", body, "li")
        await requests.submit(web, OTHER_SHARE, "registry", {}, "wang")
        assert await requests.outcome(web, number) is None
        notices = [note async for note in connection.notifies(timeout=10, stop_after=1)]
        assert notices[0].payload == str(SHARE)
        assert await requests.waiting(connection, SHARE) == [
            requests.Request(id=number, kind="registry", body=body, requested_by="li")
        ]


async def test_request_is_settled_once_with_the_unit(connection: Connection):
    first = await requests.submit(connection, SHARE, "registry", {}, "li")
    second = await requests.submit(connection, SHARE, "readmission", [], "li")
    waiting = await requests.waiting(connection, SHARE)
    assert [each.id for each in waiting] == [first, second]

    async def settle(unit: Unit) -> bool:
        return await requests.settle(unit.connection, first, unit.id, {"text": "done"})

    assert await in_unit(connection, settle) is True
    assert await in_unit(connection, settle) is False
    assert await requests.outcome(connection, first) == {"text": "done"}
    assert [each.id for each in await requests.waiting(connection, SHARE)] == [second]
    assert await requests.settle(connection, second, None, {"problems": ["no"]})
    assert await requests.waiting(connection, SHARE) == []


async def test_unknown_request_has_no_outcome(connection: Connection):
    with pytest.raises(LookupError, match="no request 7"):
        await requests.outcome(connection, 7)
