"""A load: a seeded stream of readings with everything that can go wrong, to be sent at once.

The devices are those of a scenario, with faults laid over them: doors and power for the
rules to find, one device offline for hours, one that sends duplicates, one that sends
corrupt messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from random import Random

from simulators.build import build_device
from simulators.device import Device
from simulators.faults import APPLICABLE, Fault, FaultKind
from simulators.messages import Address, Message
from simulators.scenario import DeviceSpec

START = datetime(2026, 7, 15, tzinfo=UTC)
"""A summer's day, in which faults show quickly."""
HOUR = timedelta(hours=1)
TRAVELLING = (FaultKind.OFFLINE, FaultKind.DUPLICATES, FaultKind.CORRUPT)
DISORDER = (*TRAVELLING, FaultKind.RADIO_GAP, FaultKind.CONFLICTING, FaultKind.SHUFFLED)
"""Faults of sending, which the devices of a load have in turn."""
Reading = tuple[str, str, datetime, float | None]
"""Device, point, time and value."""


def plan(
    seed: int,
    readings: int,
    devices: Sequence[DeviceSpec],
    *,
    start: datetime = START,
    boot: str = "load",
    travelling: Sequence[FaultKind] = TRAVELLING,
) -> list[tuple[Address, Message]]:
    """Messages that carry `readings` good readings, in the order of sending.

    Ends with the message that reaches the number; copies and corrupt readings come on top.
    The devices have the faults `travelling` in turn; with DISORDER, readings are late,
    shuffled and in conflict too. Deterministic. Raises ValueError if these devices do not
    have so many.
    """
    length = _long_enough(readings, devices)
    dice = Random(f"load/{seed}")  # noqa: S311 - a simulation, not a secret
    players = [
        build_device(
            spec,
            seed=seed,
            weather_from=START,
            start=start,
            boot=boot,
            faults=list(_faults(spec, travelling[n % len(travelling)], length, dice)),
        )
        for n, spec in enumerate(devices)
    ]
    planned: list[tuple[Address, Message]] = []
    known: set[Reading] = set()
    for player, message in _play(players, length):
        planned.append((player.address, message))
        known.update(_good_readings(player, message))
        if len(known) >= readings:
            return planned
    left = readings - len(known)
    raise ValueError(f"the devices have {left} readings less than {readings}")


def _good_readings(player: Device, message: Message) -> Iterator[Reading]:
    """The readings of a message that are neither of an unknown point nor no number."""
    for snapshot in message.snapshots:
        for key, value in snapshot.values.items():
            if key in player.points and not isinstance(value, str | bool):
                yield player.address.client_id, key, snapshot.time, value


def _long_enough(readings: int, devices: Sequence[DeviceSpec]) -> timedelta:
    """Twice what the readings take if no point ever leaves one out."""
    per_hour = sum(len(spec.point_keys) * (HOUR / spec.interval) for spec in devices)
    return 2 * readings / per_hour * HOUR + 4 * HOUR


def _faults(
    spec: DeviceSpec, travelling: FaultKind, length: timedelta, dice: Random
) -> Iterator[Fault]:
    """Every three hours a fault of the equipment; in between one of the connection."""
    equipment = (FaultKind.DOOR_OPEN, FaultKind.POWER_CUT)
    begin = timedelta()
    while begin < length:
        at = begin + timedelta(minutes=dice.randrange(60))
        kind = dice.choice(equipment)
        if kind in APPLICABLE[spec.model]:
            yield Fault(kind=kind, device=spec.device, begin=at, end=at + HOUR / 2)
        yield Fault(kind=travelling, device=spec.device, begin=at, end=at + 2 * HOUR)
        begin += 3 * HOUR


def _play(players: list[Device], length: timedelta) -> Iterator[tuple[Device, Message]]:
    """Sample all devices in the order of time."""
    turns = merge(
        *([(offset, n) for offset in p.offsets(length)] for n, p in enumerate(players))
    )
    for offset, n in turns:
        for message in players[n].sample(offset):
            yield players[n], message
