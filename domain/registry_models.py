"""What a registry file may say, as models; each judges itself and what it holds.

The description of a field is what a person is told to do where it is missing or wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from domain.durations import format_duration
from domain.quantities import QUANTITIES, STATE, Quantity, unit_problem
from domain.registry import InUse
from domain.registry_values import (
    Day,
    Duration,
    Key,
    Limits,
    Number,
    Positive,
    QuantityName,
    Region,
    Telephone,
    Text,
    Time,
    TimeZone,
)
from domain.yaml_lines import Path

Stage: TypeAlias = Literal[
    "material", "production", "quality", "release", "storage", "transport"
]
LONGEST_INTERVAL = {"storage": timedelta(minutes=30), "transport": timedelta(minutes=5)}
"""How often GSP (appendix on automatic monitoring) wants values recorded, by stage."""
GAPS = 3
"""Where no `max_gap` is given, so many intervals may pass without a reading."""
UNKNOWN = Quantity("?", "?", {STATE: (0, 1)})
"""Stands in for a quantity that is refused, so that only the quantity is."""


class ProblemsError(ValueError):
    """Raised by validators that find several things, each at a path below themselves."""

    def __init__(self, problems: Iterable[tuple[Path, str]]) -> None:
        super().__init__("several problems")
        self.problems = tuple(problems)

    @classmethod
    def if_any(cls, problems: Iterable[tuple[Path, str]]) -> None:
        """Raise if there are problems."""
        if wrong := cls(problems).problems:
            raise cls(wrong)


class Model(BaseModel):
    """Frozen; knows no keys but its own; numbers may stand for text (region: 330106)."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class Bilingual(Model):
    """A name in both languages."""

    zh: Text = Field(description="give the Chinese name")
    en: Text = Field(description="give the English name")


def _both(name: object) -> object:
    return {"zh": name, "en": name} if isinstance(name, str) else name


Name = Annotated[
    Bilingual,
    BeforeValidator(_both),
    Field(description="give one name, or {zh: …, en: …}"),
]


class Assignment(Model):
    """A rule of the catalogue with the limits that override its own."""

    rule: Key = Field(description="give the key of a rule in the catalogue")
    limits: Limits = Field(default={}, description="write {level: {field: value}}")

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        return {"rule": value} if isinstance(value, str) else value


def _once(rules: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    keys = [assignment.rule for assignment in rules]
    ProblemsError.if_any(
        ((index,), f"{key} is given twice in one entry; keep one")
        for index, key in enumerate(keys)
        if key in keys[:index]
    )
    return rules


class Word(NamedTuple):
    """What one field of an entry says."""

    place: Path
    value: Any


class Entry(Model):
    """What changes from a time on; what it does not say stays as it was, null ends it."""

    valid_from: Time = Field(
        alias="from", description="give the time from which the entry holds"
    )
    zone: Key | None = Field(
        None, description="give cold, cool, ambient, frozen or your own"
    )
    interval: Duration | None = Field(None, description="give the recording interval")
    max_gap: Duration | None = None
    in_use: InUse | None = None
    calibration_due: Day | None = None
    rules: Annotated[tuple[Assignment, ...], AfterValidator(_once)] | None = Field(
        None, description="start each rule with a dash"
    )

    def words(self, path: Path) -> dict[str, Word]:
        """What the entry says, nulls included, and nothing else."""
        return {
            name: Word((*path, name), getattr(self, name))
            for name in self.model_fields_set
        }


def _ascending(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    ProblemsError.if_any(
        ((index, "from"), "is not after the entry before; put entries in order of time")
        for index, (one, next_) in enumerate(pairwise(entries), 1)
        if one.valid_from >= next_.valid_from
    )
    return entries


Timeline = Annotated[
    tuple[Entry, ...],
    AfterValidator(_ascending),
    Field(description="start each entry with `- from:`"),
]


class Stretch(NamedTuple):
    """All that holds for a point from a time on."""

    valid_from: datetime
    zone: str
    interval: timedelta
    max_gap: timedelta
    in_use: InUse
    calibration_due: date | None
    rules: tuple[Assignment, ...]


class Said(NamedTuple):
    """The last word of every field from a time on, and where the entry of that time is."""

    time: datetime
    place: Path
    words: dict[str, Word]

    def value(self, name: str) -> Any:
        """What is said of a field; None if nothing, or if it was taken back."""
        word = self.words.get(name)
        return word.value if word else None

    def stretch(self) -> Stretch:
        """All of it, with defaults for what may be left unsaid."""
        interval: timedelta = self.value("interval")
        return Stretch(
            valid_from=self.time,
            zone=self.value("zone"),
            interval=interval,
            max_gap=self.value("max_gap") or GAPS * interval,
            in_use=self.value("in_use") or InUse.COMMISSIONED,
            calibration_due=self.value("calibration_due"),
            rules=self.value("rules") or (),
        )

    def problems(self, stage: str) -> Iterator[tuple[Path, str]]:
        """What is missing or contradicts itself, for a point of that stage."""
        for name in ("zone", "interval"):
            if self.value(name) is None:
                advice = Entry.model_fields[name].description
                yield (*self.place, name), f"is missing; {advice}"
        interval: timedelta | None = self.value("interval")
        if interval is None:
            return
        longest = LONGEST_INTERVAL.get(stage)
        if longest and interval > longest:
            most = format_duration(longest)
            text = f"GSP wants a value at least every {most} in {stage}; shorten it"
            yield self.words["interval"].place, text
        if (self.value("max_gap") or interval) < interval:
            text = f"is shorter than the interval, {format_duration(interval)}"
            yield self.words["max_gap"].place, f"{text}; lengthen it"


class Point(Model):
    """One measured quantity at one place."""

    name: Name
    quantity: QuantityName = Field(
        description="say what is measured, such as temperature"
    )
    unit: str
    resolution: Positive = Field(
        ge=1e-6,
        description="give the smallest step of the value that means anything, such as 0.1",
    )
    stage: Stage = "storage"
    factor: Literal[
        "man", "machine", "material", "method", "environment", "measurement"
    ] = "environment"
    timeline: Timeline = ()

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, value: object) -> object:
        """The quantity's name and standard unit; a state moves in whole steps."""
        if not isinstance(value, dict):
            return value
        fields: dict[str, Any] = value
        quantity = QUANTITIES.get(str(fields.get("quantity")), UNKNOWN)
        name = {"zh": quantity.name_zh, "en": quantity.name_en}
        step = {"resolution": 1} if quantity.unit == STATE else {}
        return {"name": name, "unit": quantity.unit, **step, **fields}

    @model_validator(mode="after")
    def _unit_fits(self) -> Self:
        if problem := unit_problem(self.quantity, self.unit):
            raise ProblemsError([(("unit",), problem)])
        low, high = QUANTITIES[self.quantity].units[self.unit]
        if self.resolution > high - low:
            text = f"is coarser than {self.quantity} ranges ({low:g} to {high:g} {self.unit})"
            raise ProblemsError([(("resolution",), f"{text}; mend it")])
        if self.unit == STATE and self.resolution != 1:
            raise ProblemsError(
                [(("resolution",), "a state has resolution 1; leave it out")]
            )
        return self


class Device(Model):
    """A logger, gateway or system: what sends under an identity of its own."""

    name: Name
    kind: Literal["logger", "gateway", "system"] = "logger"
    time_zone: TimeZone | None = Field(
        None, description="give an IANA name, and only if the device sends local time"
    )
    timeline: Timeline = ()
    """What holds for all points, where they say nothing else."""
    points: dict[Key, Point] = Field(
        default={}, description="write {key: {quantity: …}}"
    )

    def history(self, key: str) -> list[Said]:
        """What is said of a point from each time on.

        The point's own word comes before the device's, whichever is newer.
        """
        entries = [
            *_placed(self.timeline, ("timeline",), 0),
            *_placed(self.points[key].timeline, ("points", key, "timeline"), 1),
        ]
        words: tuple[dict[str, Word], dict[str, Word]] = ({}, {})
        result: dict[datetime, Said] = {}
        for time, level, path, entry in sorted(entries, key=lambda entry: entry[:2]):
            words[level].update(entry.words(path))
            first = result.get(time)
            place = first.place if first else path
            result[time] = Said(time, place, {**words[0], **words[1]})
        return list(result.values())

    def stretches(self, key: str) -> list[Stretch]:
        """The whole timeline of a point: the device's entries and its own, merged."""
        return [said.stretch() for said in self.history(key)]

    @model_validator(mode="after")
    def _timelines_fit(self) -> Self:
        ProblemsError.if_any(
            problem
            for key, point in self.points.items()
            for problem in self._problems(key, point)
        )
        return self

    def _problems(self, key: str, point: Point) -> Iterator[tuple[Path, str]]:
        history = self.history(key)
        if not history:
            text = "has no timeline; give one to the point or to its device"
            yield ("points", key), text
        for said in history:
            yield from said.problems(point.stage)


def _placed(
    timeline: tuple[Entry, ...], path: Path, level: int
) -> Iterator[tuple[datetime, int, Path, Entry]]:
    for index, entry in enumerate(timeline):
        yield entry.valid_from, level, (*path, index), entry


class Position(Model):
    """Where a site is, in degrees (WGS 84). The bounds are those of the country."""

    longitude: Number = Field(ge=73, le=136, description="give degrees east")
    latitude: Number = Field(ge=3, le=54, description="give degrees north")


class Site(Model):
    """A place under one address; it has the region and the telephone."""

    name: Name
    kind: Literal["warehouse", "plant", "vehicle", "pharmacy", "clinic"]
    region: Region = Field(description="give the six digits of GB/T 2260")
    telephone: Telephone = Field(
        description="give a telephone that is answered, such as 0571-88880000"
    )
    area_m2: Positive | None = None
    height_m: Positive | None = None
    position: Position | None = Field(
        None, description="write {longitude: …, latitude: …}"
    )
    devices: dict[Key, Device] = Field(default={}, description="write {key: {name: …}}")

    @model_validator(mode="after")
    def _vehicles_transport(self) -> Self:
        ProblemsError.if_any(
            (
                ("devices", device, "points", key),
                "is in a vehicle; write stage: transport",
            )
            for device, content in self.devices.items()
            for key, point in content.points.items()
            if self.kind == "vehicle" and point.stage == "storage"
        )
        return self


class Enterprise(Model):
    """A legal person, named by its 统一社会信用代码."""

    name: Name
    kind: Literal[
        "manufacturer", "wholesaler", "retailer", "clinic", "hospital", "carrier"
    ]
    high_risk: tuple[
        Literal[
            "vaccine", "biological", "blood", "tcm_injection", "special", "sterile"
        ],
        ...,
    ] = Field((), description="start each class with a dash")
    sites: dict[Key, Site] = Field(default={}, description="write {key: {kind: …}}")

    @model_validator(mode="after")
    def _devices_once(self) -> Self:
        homes: dict[str, str] = {}
        ProblemsError.if_any(
            (("sites", site, "devices", key), f"{key} is also in {home}; rename one")
            for site, content in self.sites.items()
            for key in content.devices
            if (home := homes.setdefault(key, site)) != site
        )
        return self
