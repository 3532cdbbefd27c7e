"""A device: turns samples into messages, and has faults in doing so.

    sample ─▶ snapshot ─▶ batch ─┬▶ messages: live, wrong, shuffled ─▶ sent now
                                 └▶ backlog, while nothing comes through

A corrupt device goes through four ways of being wrong, one per message: an additional
message of cut-off bytes; a reading of a point that nobody knows; a text for a number; a
truth value for a number. None of them replaces a good reading.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from simulators.backlog import Backlog, Packet
from simulators.equipment import Model, Samples
from simulators.faults import Fault, FaultKind, Reach, find, reach
from simulators.messages import Message, Snapshot, Value, encode
from simulators.scenario import DeviceSpec
from simulators.series import Sample

NOBODYS_POINT = "t9"
WRONGS = ("cut-off", "unknown", "text", "truth")
CORRECTED_AFTER = timedelta(minutes=15)
"""How long a conflicting device takes to send its other value."""
SHUFFLED = 6
"""Messages that a shuffling device sends together."""


class Device:
    """One device in one boot. Sampled in ascending order of time; deterministic."""

    def __init__(
        self,
        spec: DeviceSpec,
        model: Model,
        *,
        start: datetime,
        boot: str,
        seed: int,
        faults: list[Fault],
    ) -> None:
        """Measure with `model`; offset 0 is `start` in domain time.

        `faults` are this device's own; more may be appended while it is played.
        """
        self.address = spec.address
        self.model = model
        self.points = spec.point_keys
        self.faults = faults
        self.reach = Reach.REACHED
        """What became of the connection at the newest sample."""
        self._start = start
        self._boot = boot
        self._interval = spec.interval
        self._batch = spec.batch
        self._seq = 0
        self._last: Samples = {}
        name = f"sending/{seed}/{self.address.client_id}"
        self._dice = Random(name)  # noqa: S311 - a simulation, not a secret
        self._backlog = Backlog(self._dice)
        self._gathered: list[Snapshot] = []
        self._held: list[Packet] = []
        self._corrections: deque[tuple[timedelta, Snapshot]] = deque()
        self._wrongs = 0

    def offsets(self, length: timedelta) -> Iterator[timedelta]:
        """When to sample: 0, one interval, two … below `length`."""
        offset = timedelta()
        while offset < length:
            yield offset
            offset += self._interval

    def sample(self, offset: timedelta) -> list[Message]:
        """Measure, and return what the device sends now, in order."""
        self.reach = reach(self.faults, offset)
        self._gathered.extend(self._measure(offset))
        batch = self._take_batch()
        if self.reach is not Reach.REACHED:
            self._backlog.keep(batch, torn=self.reach is Reach.STALLED)
            return []
        late = [self._message(*packet) for packet in self._backlog.burst()]
        live = list(self._send(batch, offset)) if batch else []
        return [*late, *live, *self._correct(offset)]

    def flush(self) -> list[Message]:
        """All that is held back; nothing is then."""
        held = [*self._backlog.rest(), *self._unhold()]
        rest, self._gathered = tuple(self._gathered), []
        packets = [*held, rest] if rest else held
        return [
            *(self._message(*packet) for packet in packets),
            *self._correct(timedelta.max),
        ]

    # Measuring ----------------------------------------------------------------------

    def _measure(self, offset: timedelta) -> list[Snapshot]:
        """One snapshot, or none where no point has a reading."""
        samples = self.model.sample(offset, self.faults)
        if find(self.faults, FaultKind.SILENT, offset):
            return []
        self._distort(samples, offset)
        self._last = samples
        if not samples:
            return []
        wrong = find(self.faults, FaultKind.CLOCK_WRONG, offset)
        clock = wrong.clock if wrong else timedelta()
        snapshot = _snapshot(self._start + offset + clock, samples)
        self._note_correction(snapshot, offset)
        return [snapshot]

    def _distort(self, samples: Samples, offset: timedelta) -> None:
        """Let sensors be stuck, or drift."""
        stuck = find(self.faults, FaultKind.SENSOR_STUCK, offset)
        if stuck is not None:
            point = stuck.point or self.points[0]
            samples[point] = self._last.get(point, samples[point])
        drift = find(self.faults, FaultKind.SENSOR_DRIFT, offset)
        if drift is not None:
            point = drift.point or self.points[0]
            hours = (offset - drift.begin) / timedelta(hours=1)
            samples[point] = _moved(samples[point], drift.size * hours)

    def _note_correction(self, snapshot: Snapshot, offset: timedelta) -> None:
        fault = find(self.faults, FaultKind.CONFLICTING, offset)
        if fault is None:
            return
        point = fault.point or self.points[0]
        value = snapshot.values.get(point)
        if isinstance(value, int | float):
            other = replace(snapshot, values={point: round(value + fault.size, 6)})
            self._corrections.append((offset + CORRECTED_AFTER, other))

    def _take_batch(self) -> Packet:
        """What was gathered, once it is enough for a message."""
        if len(self._gathered) < self._batch:
            return ()
        batch, self._gathered = tuple(self._gathered), []
        return batch

    # Sending ------------------------------------------------------------------------

    def _send(self, batch: Packet, offset: timedelta) -> Iterator[Message]:
        if find(self.faults, FaultKind.SHUFFLED, offset):
            self._held.append(batch)
            if len(self._held) == SHUFFLED:
                yield from (self._message(*packet) for packet in self._unhold())
            return
        yield from (self._message(*packet) for packet in self._unhold())
        copies = 2 if find(self.faults, FaultKind.DUPLICATES, offset) else 1
        if find(self.faults, FaultKind.CORRUPT, offset):
            yield from self._corrupt(batch, copies)
        else:
            yield self._message(*batch, copies=copies)

    def _unhold(self) -> list[Packet]:
        """What a shuffling device holds, in any order."""
        held, self._held = self._held, []
        return self._dice.sample(held, len(held))

    def _correct(self, offset: timedelta) -> Iterator[Message]:
        """The other values that are due."""
        while self._corrections and self._corrections[0][0] <= offset:
            yield self._message(self._corrections.popleft()[1])

    def _corrupt(self, batch: Packet, copies: int) -> Iterator[Message]:
        wrong = WRONGS[self._wrongs % len(WRONGS)]
        self._wrongs += 1
        *before, newest = batch
        if wrong == "cut-off":
            yield self._cut_off(batch)
            yield self._message(*batch, copies=copies)
        elif wrong == "unknown":
            known = {**newest.values, NOBODYS_POINT: 5.0}
            odd = replace(newest, values=known)
            yield self._message(*before, odd, copies=copies)
        else:
            value = "NaN" if wrong == "text" else True
            nonsense = Snapshot(time=newest.time, values={self.points[0]: value})
            yield self._message(*batch, nonsense, copies=copies)

    def _message(self, *snapshots: Snapshot, copies: int = 1) -> Message:
        self._seq += 1
        return Message(
            boot=self._boot, seq=self._seq, snapshots=snapshots, copies=copies
        )

    def _cut_off(self, batch: Packet) -> Message:
        whole = self._message(*batch)
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


def _moved(sample: Sample, by: float) -> Sample:
    value = None if sample.value is None else round(sample.value + by, 1)
    return sample._replace(value=value)


def _json(sample: Sample) -> Value:
    """Whole numbers are written as such: a door is 1, not 1.0."""
    value = sample.value
    return int(value) if value is not None and value.is_integer() else value
