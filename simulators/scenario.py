"""Scenarios: which devices there are, what goes wrong when, and what must be found.

A scenario is a YAML file. Its times are offsets from the start (`0s`, `2h30m`), so that it
can be played at any time; `start` says only which season and hour the weather is of.
A device is named by its region, enterprise and key as in the registry; faults name it by
its key alone, which is therefore unique within a scenario.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from domain.durations import parse_duration
from domain.errors import FileError, InputError
from domain.registry_values import Code, Duration, Key, Region
from domain.yaml_lines import Path as YamlPath
from domain.yaml_lines import load
from simulators import lorry, steriliser
from simulators.equipment import PREMISES
from simulators.expectations import Expected, ExpectedFinding, When
from simulators.faults import APPLICABLE, OF_ONE_POINT, SIZES, Fault, FaultKind
from simulators.messages import SNAPSHOTS, Address
from simulators.series import Series, parse_series

PACKAGED = Path(__file__).parent / "scenarios"
POINTS = {
    **{name: premises.points for name, premises in PREMISES.items()},
    "lorry": lorry.POINTS,
    "steriliser": steriliser.POINTS,
}
"""Keys of the points, by model; a scripted device names its own."""


class ScenarioError(FileError):
    """A scenario was refused; each problem has file and line."""


Offset = Annotated[timedelta, BeforeValidator(parse_duration)]
Strict = ConfigDict(frozen=True, extra="forbid")


class DeviceSpec(BaseModel):
    """One device of a scenario."""

    model_config = Strict

    region: Region
    """GB/T 2260; quote it in YAML."""
    enterprise: Code
    device: Key
    model: Literal["cold-room", "refrigerator", "lorry", "steriliser", "scripted"]
    interval: Duration
    """Recording interval."""
    batch: Annotated[int, Field(ge=1, le=SNAPSHOTS)] = 1
    """Snapshots in a message: more than one where a system drains the device."""
    parameters: dict[str, float] = {}
    """Constants of the equipment to replace; see `simulators/equipment.py`."""
    points: dict[Key, Annotated[Series, BeforeValidator(parse_series)]] = {}
    """Series by point key, of a scripted device."""

    @model_validator(mode="after")
    def _fits_its_model(self) -> Self:
        if (self.model == "scripted") != bool(self.points):
            raise ValueError("a scripted device, and no other, has `points`")
        rooms = {**PREMISES, "lorry": lorry.BODY}
        if self.model in rooms:
            rooms[self.model].adapt(self.parameters)
        elif self.parameters:
            raise ValueError(f"a {self.model} device has no `parameters`")
        return self

    @property
    def address(self) -> Address:
        """Where it stands in the tree of topics."""
        return Address(
            region=self.region, enterprise=self.enterprise, device=self.device
        )

    @property
    def point_keys(self) -> tuple[str, ...]:
        """Keys of its points, in order."""
        return tuple(self.points) or POINTS[self.model]


class FaultSpec(BaseModel):
    """One fault of the schedule."""

    model_config = Strict

    device: Key
    fault: FaultKind
    at: Offset
    lasts: Duration
    point: str | None = None
    """Of faults of one point; the device's first point if left out."""
    by: float | None = None
    """By how much; see `simulators.faults.SIZES`."""

    def fault_of(self) -> Fault:
        """The fault itself."""
        return Fault(
            kind=self.fault,
            device=self.device,
            begin=self.at,
            end=self.at + self.lasts,
            point=self.point,
            by=self.by,
        )


class Scenario(BaseModel):
    """A scenario as a whole."""

    model_config = Strict

    seed: int
    start: AwareDatetime
    """Domain time whose weather offset 0 has; a fresh demo starts its clock here."""
    length: Duration
    include: tuple[str, ...] = ()
    """Scenarios beside this one whose devices, faults and expectations are added."""
    devices: tuple[DeviceSpec, ...] = ()
    faults: tuple[FaultSpec, ...] = ()
    expected: tuple[Expected, ...] = ()
    findings: tuple[ExpectedFinding, ...] = ()
    """Findings about devices that must be raised."""

    def faults_of(self, device: str) -> list[Fault]:
        """The scheduled faults of one device."""
        return [spec.fault_of() for spec in self.faults if spec.device == device]


def find_scenario(name: str) -> Path:
    """The file of a scenario that comes with us (`demo`), or of a path. Raises InputError."""
    packaged = PACKAGED / f"{name}.yaml"
    path = packaged if packaged.is_file() else Path(name)
    if not path.is_file():
        known = sorted(
            path.stem for path in PACKAGED.glob("*.yaml") if "." not in path.stem
        )
        raise InputError(
            zh=f"没有场景 {name!r}；可用：{', '.join(known)}，或给出文件。",
            en=f"no scenario {name!r}; there are {', '.join(known)}, or give a file.",
        )
    return path


def load_scenario(path: Path) -> Scenario:
    """Read and check a scenario. Raises ScenarioError with every problem found."""
    return _load(path, ())


def _load(path: Path, including: tuple[Path, ...]) -> Scenario:
    """Read the scenario at `path`, which the files `including` include."""
    try:
        document = load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([f"{path.name}: {error}"]) from error
    problems = list(document.problems)
    if not problems:
        try:
            scenario = Scenario.model_validate(document.value)
        except ValidationError as error:
            problems = [
                document.problem(e["loc"], e["msg"].removeprefix("Value error, "))
                for e in error.errors()
            ]
        else:
            scenario = _with_included(scenario, (*including, path))
            problems = [document.problem(*wrong) for wrong in _contradictions(scenario)]
            if not problems:
                return scenario
    raise ScenarioError([f"{path.name}, {problem}" for problem in sorted(problems)])


def _with_included(scenario: Scenario, including: tuple[Path, ...]) -> Scenario:
    """Add what the included files have. Own entries come first: their lines are known."""
    paths = [including[-1].with_name(name) for name in scenario.include]
    if circle := [path.name for path in paths if path in including]:
        raise ScenarioError([f"{including[-1].name}: includes {circle[0]} in a circle"])
    others = [_load(path, including) for path in paths]
    return scenario.model_copy(
        update={
            part: sum(
                (getattr(other, part) for other in others), getattr(scenario, part)
            )
            for part in ("devices", "faults", "expected", "findings")
        }
    )


def _contradictions(scenario: Scenario) -> Iterator[tuple[YamlPath, str]]:
    """What is wrong between the parts of a scenario."""
    devices: dict[str, DeviceSpec] = {}
    for n, spec in enumerate(scenario.devices):
        if devices.setdefault(spec.device, spec) is not spec:
            yield ("devices", n, "device"), f"there are two devices {spec.device!r}"
    if not devices:
        yield ("devices",), "a scenario needs devices"
    for n, fault in enumerate(scenario.faults):
        for field, what in _wrong_with_fault(fault, devices, scenario.length):
            yield ("faults", n, field), what
    for part in ("expected", "findings"):
        yield from _wrong_with_part(part, getattr(scenario, part), devices, scenario)


def _wrong_with_fault(
    fault: FaultSpec, devices: dict[str, DeviceSpec], length: timedelta
) -> Iterator[tuple[str, str]]:
    spec = devices.get(fault.device)
    if spec is None:
        yield "device", f"no device {fault.device!r}; there are {', '.join(devices)}"
    elif fault.fault not in APPLICABLE[spec.model]:
        possible = ", ".join(sorted(APPLICABLE[spec.model]))
        yield "fault", f"a {spec.model} device can have {possible}"
    elif fault.point is not None and fault.fault not in OF_ONE_POINT:
        yield "point", f"{fault.fault} is not of one point"
    elif fault.point is not None and fault.point not in spec.point_keys:
        yield "point", f"{fault.device} has the points {', '.join(spec.point_keys)}"
    if fault.by is not None and fault.fault not in SIZES:
        yield "by", f"{fault.fault} has no size"
    if fault.at + fault.lasts > length:
        yield "lasts", "the fault ends after the scenario"


def _wrong_with_part(
    part: str,
    entries: Iterable[When],
    devices: dict[str, DeviceSpec],
    scenario: Scenario,
) -> Iterator[tuple[YamlPath, str]]:
    for n, expected in enumerate(entries):
        for field, what in _wrong_with_expected(expected, devices, scenario.length):
            yield (part, n, field), what


def _wrong_with_expected(
    expected: When, devices: dict[str, DeviceSpec], length: timedelta
) -> Iterator[tuple[str, str]]:
    spec = devices.get(expected.device)
    if spec is None or spec.enterprise != expected.enterprise:
        yield "device", f"no device {expected.device!r} of {expected.enterprise}"
    elif isinstance(expected, Expected) and expected.point not in spec.point_keys:
        yield "point", f"{expected.device} has the points {', '.join(spec.point_keys)}"
    if expected.latest > length:
        yield "from", "expected after the scenario's end"
