"""The registry as the ingestor holds it."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.registry import Device, InUse, Point, Registry, Setting

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
TICK = timedelta(microseconds=1)


def setting(valid_from: datetime, zone: str) -> Setting:
    return Setting(
        valid_from=valid_from,
        zone=zone,
        interval=timedelta(minutes=1),
        max_gap=timedelta(minutes=5),
        in_use=InUse.COMMISSIONED,
        rules=(),
    )


POINT = Point(
    id=7,
    device=3,
    key="t1",
    name_zh="温度",
    name_en="Temperature",
    quantity="temperature",
    unit="°C",
    resolution=0.1,
    timeline=(setting(FEBRUARY, "cold"), setting(MARCH, "cool")),
)
DEVICE = Device(
    id=3,
    enterprise=1,
    site=2,
    enterprise_code="91330106MA27XY001X",
    key="coldroom-1",
    region="330106",
    time_zone=None,
    points={"t1": POINT},
)


@pytest.mark.parametrize(
    ("time", "zone"),
    [
        (JANUARY, None),
        (FEBRUARY - TICK, None),
        (FEBRUARY, "cold"),
        (MARCH - TICK, "cold"),
        (MARCH, "cool"),
        (MARCH + timedelta(days=3650), "cool"),
    ],
)
def test_setting_holds_from_its_time_until_the_next(time: datetime, zone: str | None):
    found = POINT.setting(time)
    assert (found.zone if found else None) == zone


def test_sender_is_found_by_enterprise_and_key():
    registry = Registry(4, [DEVICE])
    assert registry.version == 4
    assert registry.device("91330106MA27XY001X", "coldroom-1") is DEVICE
    assert registry.device("91330106MA27XY001X", "coldroom-2") is None
    assert registry.device("91330203MA28XY002D", "coldroom-1") is None


def test_points_are_found_by_number():
    registry = Registry(4, [DEVICE])
    assert registry.points == {7: POINT}
    assert registry.device_of == {7: DEVICE}


def test_only_what_is_in_use_alerts():
    assert {state for state in InUse if state.alerts} == {
        InUse.COMMISSIONED,
        InUse.LOADED,
    }
