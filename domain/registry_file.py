"""The registry as people write it: YAML in, a validated `RegistryFile` out.

A file is judged as a whole: RegistryError carries every problem, each with its line, the
path of keys, what is wrong and what to do. What a file may say is in
`domain/registry_models.py`; for engineers it is written down in docs/registry.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar, get_args

from pydantic import BaseModel, Field, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from domain.durations import format_duration
from domain.errors import InputError, RegistryError
from domain.registry import Setting
from domain.registry_models import (
    Assignment,
    Bilingual,
    Device,
    Enterprise,
    Entry,
    Model,
    Point,
    Position,
    ProblemsError,
    Site,
    Stretch,
)
from domain.registry_values import Code, Key, Limits, instead
from domain.rules import RuleVersion
from domain.yaml_lines import Document, Path, Problem, load

Resolve = Callable[[str, Mapping[str, Any]], RuleVersion]
"""(rule, limits) → the version of the catalogue's rule with these limits; InputError."""
PointKey = tuple[str, str, str]
"""Code of the enterprise, key of the device, key of the point."""


class RegistryFile(Model):
    """A registry, valid in itself. Made by `parse`."""

    enterprises: dict[Code, Enterprise] = Field(description="start with `enterprises:`")
    limits: dict[Key, Limits] = Field(
        default={}, description="write {rule: {level: {field: value}}}"
    )
    """Limits of a rule, wherever this file assigns it."""
    _document: Document = PrivateAttr()

    def devices(self) -> Iterator[tuple[Path, str, str, Device]]:
        """Path, enterprise's code, key and content of every device."""
        for code, enterprise in self.enterprises.items():
            for site_key, site in enterprise.sites.items():
                for key, device in site.devices.items():
                    path = ("enterprises", code, "sites", site_key, "devices", key)
                    yield path, code, key, device

    def assignments(self) -> Iterator[tuple[Path, Assignment]]:
        """Every assignment of a rule, where it is written."""
        for path, _, _, device in self.devices():
            yield from _assigned((*path, "timeline"), device.timeline)
            for key, point in device.points.items():
                yield from _assigned((*path, "points", key, "timeline"), point.timeline)

    def points(self) -> Iterator[tuple[PointKey, Point, list[Stretch]]]:
        """Every point with its whole timeline."""
        for _, code, device_key, device in self.devices():
            for key, point in device.points.items():
                yield (code, device_key, key), point, device.stretches(key)

    def limits_of(self, assignment: Assignment) -> Limits:
        """The limits of an assignment: the file's, overridden level by level."""
        common = self.limits.get(assignment.rule, {})
        own = assignment.limits
        return {
            level: {**common.get(level, {}), **own.get(level, {})}
            for level in {**common, **own}
        }

    def problem(self, path: Path, text: str) -> Problem:
        """A problem with what stands at `path`."""
        return self._document.problem(path, text)

    def written_in(self, document: Document) -> Self:
        """Remember the lines."""
        self._document = document
        return self


def _assigned(
    path: Path, timeline: tuple[Entry, ...]
) -> Iterator[tuple[Path, Assignment]]:
    for number, entry in enumerate(timeline):
        for index, assignment in enumerate(entry.rules or ()):
            yield (*path, number, "rules", index), assignment


# Reading -------------------------------------------------------------------------------

_BELOW: dict[type[BaseModel], tuple[str, type[BaseModel]]] = {
    RegistryFile: ("enterprises", Enterprise),
    Enterprise: ("sites", Site),
    Site: ("devices", Device),
    Device: ("points", Point),
}
"""What hangs below what: these are read first, so that each level's problems show."""
_PARTS: dict[str | int, type[BaseModel]] = {
    "name": Bilingual,
    "position": Position,
    "timeline": Entry,
    "rules": Assignment,
}
"""Models inside of a level, by the field that holds them."""
_TEXTS = {
    "missing": "is missing",
    "model_type": "must be keys with values",
    "dict_type": "must be keys with values",
    "float_type": "must be a number",
    "tuple_type": "must be a list",
    "string_type": "must be text",
}
"""Our words for pydantic's kinds of error, where its own say too little."""

M = TypeVar("M", bound=BaseModel)


def parse(text: str) -> RegistryFile:
    """Read and judge a whole file. Raises RegistryError with everything that is wrong."""
    document = load(text)
    problems = list(document.problems)
    file = None
    if document.lines or not problems:
        file = _read(RegistryFile, document, (), document.value, problems)
    _raise_if_any(problems)
    assert file is not None
    return file.written_in(document)


def _raise_if_any(problems: Iterable[Problem]) -> None:
    if unique := sorted(set(problems)):
        raise RegistryError([str(problem) for problem in unique])


def _read(
    model: type[M], document: Document, path: Path, value: Any, problems: list[Problem]
) -> M | None:
    """What stands at `path`, without those parts below it that are wrong themselves."""
    name, below = _BELOW.get(model, ("", Model))
    if isinstance(value, dict) and isinstance(children := value.get(name), dict):
        read = {
            key: _read(below, document, (*path, name, key), child, problems)
            for key, child in children.items()
        }
        value = {**value, name: {key: child for key, child in read.items() if child}}
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems.extend(
            document.problem(path + place, text)
            for place, text in _problems(model, error)
        )
    return None


def _problems(
    model: type[BaseModel], error: ValidationError
) -> Iterator[tuple[Path, str]]:
    """Our words for what is wrong with a `model`, each with its place in it."""
    for detail in error.errors(include_url=False):
        place = tuple(part for part in detail["loc"] if part != "[key]")
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, ProblemsError):
            yield from ((place + below, text) for below, text in cause.problems)
        else:
            yield place, str(cause) if cause else _text(model, place, detail)


def _text(model: type[BaseModel], place: Path, detail: ErrorDetails) -> str:
    for part in place[:-1]:
        model = _PARTS.get(part, model)
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    key = str(place[-1]) if place else ""
    if detail["type"] == "extra_forbidden":
        return f"unknown key; {instead(key, fields)}"
    default = detail["msg"].replace("Input should be", "must be")
    text = _TEXTS.get(detail["type"], default)
    advice = _advice(fields[key], detail["type"]) if key in fields else None
    return f"{text}; {advice}" if advice else text


def _advice(field: FieldInfo, kind: str) -> str | None:
    if kind == "missing" and field.description is None:
        return f"give {' or '.join(get_args(field.annotation))}"
    return field.description


# Rules ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedRegistry:
    """A registry whose rules are versions: ready to be applied."""

    enterprises: Mapping[str, Enterprise]
    """By 统一社会信用代码."""
    timelines: Mapping[PointKey, tuple[Setting, ...]]
    versions: Mapping[str, RuleVersion]
    """All rule versions that the timelines name."""


def resolved(file: RegistryFile, resolve: Resolve) -> ResolvedRegistry:
    """Give every assignment its rule version.

    Raises RegistryError where `resolve` raises InputError, where a rule judges another
    quantity or unit than the point has, and for limits that nothing uses.
    """
    resolver = _Resolver(file, resolve)
    timelines = {
        key: tuple(resolver.setting(point, stretch) for stretch in stretches)
        for key, point, stretches in file.points()
    }
    _raise_if_any(resolver.problems)
    return ResolvedRegistry(
        enterprises=file.enterprises,
        timelines=timelines,
        versions={version.version: version for version in resolver.versions.values()},
    )


MOST = 720
"""Readings in a window of which all pairs are compared: some milliseconds for each."""


class _Resolver:
    """Resolves each assignment once, where it is written.

    Assignments are told apart by identity: a stretch holds the very objects of the file,
    and so the problems of a rule get the line of its assignment.
    """

    def __init__(self, file: RegistryFile, resolve: Resolve) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.places: dict[int, Path] = {}
        self.versions: dict[int, RuleVersion] = {}
        self.unused = set(file.limits)
        for path, assignment in file.assignments():
            self.places[id(assignment)] = path
            self.unused.discard(assignment.rule)
            self.resolve(assignment, resolve)
        for rule in self.unused:
            text = "no point has this rule; assign it or remove its limits"
            self.problems.append(file.problem(("limits", rule), text))

    def resolve(self, assignment: Assignment, resolve: Resolve) -> None:
        """Note the version of an assignment, or what keeps it from having one."""
        try:
            version = resolve(assignment.rule, self.file.limits_of(assignment))
        except InputError as error:
            for line in error.en.splitlines():
                self.wrong(assignment, line)
        else:
            self.versions[id(assignment)] = version

    def setting(self, point: Point, stretch: Stretch) -> Setting:
        """The setting that a stretch amounts to; only of use if there are no problems."""
        versions = [
            version
            for assignment in sorted(stretch.rules, key=lambda each: each.rule)
            if (version := self.versions.get(id(assignment)))
            and self.judges(assignment, version, point)
            and self.has_room(assignment, version, stretch)
        ]
        return Setting(
            valid_from=stretch.valid_from,
            zone=stretch.zone,
            interval=stretch.interval,
            max_gap=stretch.max_gap,
            in_use=stretch.in_use,
            calibration_due=stretch.calibration_due,
            rules=tuple(version.version for version in versions),
        )

    def judges(
        self, assignment: Assignment, version: RuleVersion, point: Point
    ) -> bool:
        """Whether the rule judges what the point measures."""
        content = json.loads(version.content)
        for name, measured in (("quantity", point.quantity), ("unit", point.unit)):
            judged = content.get(name) or measured
            if judged != measured:
                text = f"the rule judges {judged}, the point gives {measured}"
                self.wrong(assignment, f"{text}; assign another")
                return False
        return True

    def has_room(
        self, assignment: Assignment, version: RuleVersion, stretch: Stretch
    ) -> bool:
        """Whether enough intervals fit into the windows of the rule, and not too many."""
        interval = stretch.interval
        if version.span is not None and version.span < 2 * interval:
            window = format_duration(version.span)
            text = f"its window, {window}, is shorter than two intervals of {format_duration(interval)}"
            self.wrong(assignment, f"{text}; lengthen it, or do not assign it here")
            return False
        if version.pairs_over is not None and version.pairs_over > MOST * interval:
            window = format_duration(version.pairs_over)
            text = f"its window, {window}, is longer than {MOST} intervals of {format_duration(interval)}"
            self.wrong(assignment, f"{text}; shorten it, or do not assign it here")
            return False
        return True

    def wrong(self, assignment: Assignment, text: str) -> None:
        """Note a problem with an assignment."""
        self.problems.append(self.file.problem(self.places[id(assignment)], text))
