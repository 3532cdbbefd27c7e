"""The ticker: findings about devices and the box's own deafness, as time brings them.

It is driven by the ingest loop of the share, after its lease, in every round: `due` judges
in memory, and only where something begins or ends is a unit of the kind `tick` made. What
messages bring at once (conflicts, clocks ahead) is raised in the unit of their intake.

**Seam for tests.** By which time silence is judged is handed in; the product hands down
`as_listened`, tests a broken one ("silence by wall clock"). No setting does this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from alerting.findings import deafness, device_memory, silence, troubles
from alerting.findings.device_memory import Change, Memory
from alerting.findings.finding import Finding, Findings, extent
from alerting.findings.silence import (
    Begins,
    Ends,
    Heard,
    Silent,
    Stretch,
    Verdict,
    Waits,
)
from alerting.findings.troubles import CLOCK_AHEAD, CONFLICT
from domain.brought import Brought, Sign
from domain.listened import Listened
from domain.readings import Reading
from domain.registry import Device, Registry
from domain.rules import RuleVersion
from rules.kinds import from_version
from rules.silence import SilenceRule
from storage import readings
from storage.unit import Connection, Unit

Hearing: TypeAlias = Callable[[Listened, datetime], Listened]
"""By how far the share has listened, and now: the time by which silence is judged."""
Found: TypeAlias = tuple[Finding, Change]
"""What is found, and what is to be remembered of it."""

FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)


def as_listened(listened: Listened, now: datetime) -> Listened:
    """The product's: what may still wait at the broker, nobody has missed yet."""
    del now
    return listened


class Ticker:
    """Judges devices by what arrives and what does not. One per ingestor."""

    def __init__(
        self, findings: Findings, *, region: str = "", hearing: Hearing = as_listened
    ) -> None:
        """Judge the devices whose region (GB/T 2260) begins with `region`."""
        self._findings = findings
        self._region = region
        self._hearing = hearing
        self._devices: dict[int, Device] = {}
        self._device_of: Mapping[int, Device] = {}
        self._timelines: dict[int, tuple[Stretch, ...]] = {}
        self._memory: Memory | None = None
        self._found: list[Found] = []
        self._stirred: set[int] = set()
        """Devices to be judged in the next round, whatever the time."""
        self._wake = FIRST
        """The watermark at which all devices are judged again."""

    # An observer's ----------------------------------------------------------------

    def install(self, registry: Registry, versions: Mapping[str, RuleVersion]) -> None:
        """Judge by this registry and these rule versions from now on."""
        rules = {
            number: rule
            for number, version in versions.items()
            if isinstance(rule := from_version(version), SilenceRule)
        }
        self._findings.install(rules)
        self._device_of = registry.device_of
        self._devices = {
            device.id: device
            for device in registry.devices.values()
            if device.region.startswith(self._region)
        }
        timelines = {n: silence.timeline(d, rules) for n, d in self._devices.items()}
        self._timelines = {
            n: stretches for n, stretches in timelines.items() if stretches
        }
        self.forget()

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Remember who was heard; raise conflicts and clocks that are ahead."""
        memory = await self._remember(unit.connection, unit.share)
        await self._follow(unit, list(self._handed_over(memory)), now)
        self._hear(memory, brought, unit.arrived)
        details: dict[tuple[int, str], Mapping[str, Any]] = {
            (device, CLOCK_AHEAD): {"measured": time.isoformat()}
            for device, time in brought.ahead.items()
        }
        details |= await self._conflicts(unit, brought.conflicts)
        found = [
            one
            for key, detail in details.items()
            for one in self._trouble(memory, key, detail, now)
        ]
        await self._follow(unit, found, now)

    async def due(
        self, connection: Connection, share: int, listened: Listened, now: datetime
    ) -> bool:
        """Whether anything has begun or ended by now. Cheap while nothing has."""
        memory = await self._remember(connection, share)
        heard = self._hearing(listened, now)
        self._found = list(self._handed_over(memory)) or [
            *self._deafness(memory, share, listened),
            *self._silences(memory, heard),
            *self._quiet(memory, heard.watermark),
        ]
        return bool(self._found)

    async def tick(self, unit: Unit, now: datetime) -> None:
        """Write what `due` has found."""
        await self._follow(unit, self._found, now)

    def committed(self) -> None:
        """Take over what was noted in the unit that is now committed."""
        if self._memory is not None:
            self._memory.take_over()

    def forget(self) -> None:
        """Drop all that is remembered; it is read again at the next need."""
        self._memory = None
        self._stirred.clear()
        self._wake = FIRST

    # Memory -----------------------------------------------------------------------

    async def _remember(self, connection: Connection, share: int) -> Memory:
        if self._memory is None:
            self._memory = await device_memory.recall(
                connection, share, self._devices, self._timelines
            )
        return self._memory

    def _hear(self, memory: Memory, brought: Brought, arrived: datetime) -> None:
        """Note the last sign of each device, and whom it makes worth a judgement."""
        for device, sign in brought.heard.items():
            if device not in self._timelines:
                continue
            will = sign is Sign.OFFLINE
            memory.note((memory.heard, device, Heard(arrived, will)))
            if will or device in memory.silent or device not in memory.heard:
                self._stirred.add(device)

    async def _follow(self, unit: Unit, found: Sequence[Found], now: datetime) -> None:
        """Let alerts follow; note what is to be remembered."""
        if not found:
            return
        await self._findings.follow(unit, [finding for finding, _ in found], now)
        memory = await self._remember(unit.connection, unit.share)
        memory.note(*(change for _, change in found))
        devices = {one.device.id for one, _ in found if one.device}
        self._stirred |= devices & self._timelines.keys()

    # What has begun or ended ------------------------------------------------------

    def _handed_over(self, memory: Memory) -> Iterator[Found]:
        """What goes on with a former owner: it ends there, and may begin with the new one."""
        for key, one in memory.left.items():
            device = self._devices[one.device]
            since, _ = device.owners[-1]
            finding = Finding(
                rule=one.rule,
                device=device,
                suppressed=one.suppressed,
                ends=extent(one.start, max(one.start, since)),
            )
            yield finding, (memory.left, key, None)

    def _deafness(
        self, memory: Memory, share: int, listened: Listened
    ) -> Iterator[Found]:
        """What there is to say of the box itself."""
        news = deafness.judge(memory.deaf.get(share), listened)
        if news is not None:
            finding, told = news
            yield finding, (memory.deaf, share, told)

    def _silences(self, memory: Memory, listened: Listened) -> Iterator[Found]:
        """Judge whom a message has stirred, or everybody where time may have told."""
        everybody = listened.watermark >= self._wake
        wake = LAST if everybody else self._wake
        for device in self._timelines if everybody else self._stirred:
            stretch, following = silence.in_force(
                self._timelines[device], listened.watermark
            )
            verdict = silence.judge(
                stretch,
                memory.heard.get(device),
                memory.silent.get(device),
                listened,
                memory.registered.get(device, FIRST),
            )
            until = verdict.until if isinstance(verdict, Waits) else LAST
            wake = min(wake, until, following or LAST)
            found = self._silence(memory, self._devices[device], verdict)
            if found is not None:
                yield found
        self._stirred.clear()
        self._wake = wake

    def _silence(
        self, memory: Memory, device: Device, verdict: Verdict
    ) -> Found | None:
        """What a verdict means for the device's alert."""
        match verdict:
            case Begins(start, will, terms):
                finding = Finding(
                    rule=terms.rule,
                    device=device,
                    version=terms.version,
                    severity=terms.severity,
                    begins={**extent(start, None), "will": will},
                )
                silent = Silent(start, will, terms.rule)
                return finding, (memory.silent, device.id, silent)
            case Ends(end):
                silent = memory.silent[device.id]
                detail = extent(silent.start, end)
                finding = Finding(rule=silent.rule, device=device, ends=detail)
                return finding, (memory.silent, device.id, None)
            case _:
                return None

    async def _conflicts(
        self, unit: Unit, found: Sequence[Reading]
    ) -> dict[tuple[int, str], Mapping[str, Any]]:
        """By device and rule: what the journal says of the first conflict, if it is news."""
        first: dict[int, Reading] = {}
        for reading in found:
            first.setdefault(self._device_of[reading.point].id, reading)
        slots = [(reading.point, reading.time) for reading in first.values()]
        kept = await readings.at(unit.connection, slots)
        return {
            (device, CONFLICT): troubles.told(
                self._devices[device], reading, kept[slot], unit.id
            )
            for (device, reading), slot in zip(first.items(), slots, strict=True)
        }

    def _trouble(
        self,
        memory: Memory,
        key: tuple[int, str],
        detail: Mapping[str, Any],
        now: datetime,
    ) -> Iterator[Found]:
        """A device was met with a trouble: it begins, or goes on, which is no news."""
        device, rule = self._devices[key[0]], key[1]
        known = memory.troubles.get(key)
        suppressed = not troubles.in_use(device, now)
        trouble = troubles.recurred(known, now, suppressed=suppressed)
        change = (memory.troubles, key, trouble)
        if known and known.start == trouble.start:
            memory.note(change)
            return
        if known:
            yield troubles.ends(device, rule, known), change
        yield troubles.begins(device, rule, trouble, detail), change

    def _quiet(self, memory: Memory, watermark: datetime) -> Iterator[Found]:
        """Troubles that have not recurred for long enough."""
        for key, trouble in memory.troubles.items():
            if troubles.over(trouble, watermark):
                finding = troubles.ends(self._devices[key[0]], key[1], trouble)
                yield finding, (memory.troubles, key, None)
