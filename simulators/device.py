"""A device: turns samples into messages, and has faults in doing so.

A corrupt device goes through four ways of being wrong, one per sample: an additional
message of cut-off bytes; a reading of a point that nobody knows; a text for a number; a
truth value for a number. None of them replaces a good reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from simulators.equipment import Model, Samples
from simulators.faults import Fault, FaultKind, find
from simulators.messages import SNAPSHOTS, Address, Message, Snapshot, Value, encode
from simulators.series import Sample

NOBODYS_POINT = "t9"
WRONGS = ("cut-off", "unknown", "text", "truth")


class Device:
    """One device in one boot. Sampled in ascending order of time; deterministic."""

    def __init__(
        self,
        address: Address,
        model: Model,
        *,
        start: datetime,
        boot: str,
        points: tuple[str, ...],
        interval: timedelta,
        faults: list[Fault],
    ) -> None:
        """Measure with `model`; offset 0 is `start` in domain time.

        `faults` are this device's own; more may be appended while it is played.
        """
        self.address = address
        self.model = model
        self.points = points
        self.interval = interval
        self.faults = faults
        self.offline = False
        """Whether the device had no connection at the newest sample."""
        self._start = start
        self._boot = boot
        self._seq = 0
        self._last: Samples = {}
        self._backlog: list[Snapshot] = []
        self._wrongs = 0

    def offsets(self, length: timedelta) -> Iterator[timedelta]:
        """When to sample: 0, one interval, two … below `length`."""
        offset = timedelta()
        while offset < length:
            yield offset
            offset += self.interval

    def sample(self, offset: timedelta) -> list[Message]:
        """Measure, and return what the device sends now, in order."""
        snapshot = self._measure(offset)
        self.offline = find(self.faults, FaultKind.OFFLINE, offset) is not None
        if self.offline:
            self._backlog.extend(snapshot)
            return []
        return [*self.flush(), *(m for s in snapshot for m in self._send(s, offset))]

    def flush(self) -> list[Message]:
        """The backlog, which is then empty, in messages of up to `SNAPSHOTS` each."""
        backlog, self._backlog = self._backlog, []
        return [
            self._message(*backlog[first : first + SNAPSHOTS])
            for first in range(0, len(backlog), SNAPSHOTS)
        ]

    def _measure(self, offset: timedelta) -> list[Snapshot]:
        """One snapshot, or none where no point has a reading."""
        samples = self.model.sample(offset, self.faults)
        stuck = find(self.faults, FaultKind.SENSOR_STUCK, offset)
        if stuck is not None:
            point = stuck.point or self.points[0]
            samples[point] = self._last.get(point, samples[point])
        self._last = samples
        return [_snapshot(self._start + offset, samples)] if samples else []

    def _send(self, snapshot: Snapshot, offset: timedelta) -> Iterator[Message]:
        twice = find(self.faults, FaultKind.DUPLICATES, offset) is not None
        copies = 2 if twice else 1
        if find(self.faults, FaultKind.CORRUPT, offset) is None:
            yield self._message(snapshot, copies=copies)
            return
        wrong = WRONGS[self._wrongs % len(WRONGS)]
        self._wrongs += 1
        if wrong == "cut-off":
            yield self._cut_off(snapshot)
            yield self._message(snapshot, copies=copies)
        elif wrong == "unknown":
            known = {**snapshot.values, NOBODYS_POINT: 5.0}
            yield self._message(replace(snapshot, values=known), copies=copies)
        else:
            value = "NaN" if wrong == "text" else True
            nonsense = Snapshot(time=snapshot.time, values={self.points[0]: value})
            yield self._message(snapshot, nonsense, copies=copies)

    def _message(self, *snapshots: Snapshot, copies: int = 1) -> Message:
        self._seq += 1
        return Message(
            boot=self._boot, seq=self._seq, snapshots=snapshots, copies=copies
        )

    def _cut_off(self, snapshot: Snapshot) -> Message:
        whole = self._message(snapshot)
        payload = encode(whole)
        return Message(
            boot=whole.boot,
            seq=whole.seq,
            snapshots=(),
            raw=payload[: len(payload) // 2] + b"\xff",
        )


def _snapshot(time: datetime, samples: Samples) -> Snapshot:
    return Snapshot(
        time=time,
        values={key: _json(sample) for key, sample in samples.items()},
        quality={key: "bad" for key, sample in samples.items() if sample.bad},
    )


def _json(sample: Sample) -> Value:
    """Whole numbers are written as such: a door is 1, not 1.0."""
    value = sample.value
    return int(value) if value is not None and value.is_integer() else value
