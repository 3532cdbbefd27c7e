"""YAML as plain values that remember their lines, for files that people write.

Stricter than YAML, because these files decide who is alerted: no tags, no aliases, no key
twice, no invisible characters, one document, bounded size and depth. Scalars are read as
YAML 1.2 reads them: `on`, `1:30` and `2026-01-01` are text, and so are a number with a
leading zero and one that no double holds. Read from the parser's events, so that the bounds hold before anything is
built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

import yaml

Path = tuple[str | int, ...]
"""Where a value stands: keys of mappings and indexes of sequences, from the root."""

MAX_SIZE = 4 * 1024 * 1024
"""Characters: some ten thousand points, in two seconds."""
MAX_DEPTH = 32

# The C parser is ten times faster, and makes the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INVISIBLE = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with a file."""

    line: int
    path: str
    """Keys joined by dots; empty for the file as a whole."""
    text: str
    """What is wrong, and what to do."""

    def __str__(self) -> str:
        """One line for people, safe to print."""
        where = f"line {self.line}, {self.path}" if self.path else f"line {self.line}"
        return _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", f"{where}: {self.text}")


@dataclass(frozen=True, slots=True)
class Document:
    """A file, read."""

    value: Any
    """dict, list, str, int, float, bool and None; the keys of a dict are always str."""
    lines: dict[Path, int]
    problems: list[Problem]
    """What makes the file unacceptable whatever it means."""

    def problem(self, path: Path, text: str) -> Problem:
        """A problem at `path`, with the line of the nearest thing there or above it."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Problem(self.lines.get(known, 1), dotted(path), text)


def dotted(path: Path) -> str:
    """`path` as people read it."""
    return ".".join(map(str, path))


def load(text: str) -> Document:
    """Read `text`. What is wrong with it is in the result's `problems`; never raises."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_SIZE:
        return _refused(1, f"the file has more than {MAX_SIZE} characters; split it")
    if found := _INVISIBLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return _refused(line, _invisible(found))
    reader = _Reader(text)
    try:
        value = reader.document()
    except _StopError as stop:
        return _refused(stop.line, stop.text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return _refused(line, f"this is not YAML: {error.problem or error.context}")
    return Document(value, reader.lines, reader.problems)


def _refused(line: int, text: str) -> Document:
    return Document(None, {}, [Problem(line, "", text)])


def _invisible(found: re.Match[str]) -> str:
    return f"the invisible character U+{ord(found[0]):04X} is not allowed; remove it"


class _StopError(Exception):
    """The file is refused here and not read on."""

    def __init__(self, event: yaml.Event, text: str) -> None:
        super().__init__(text)
        self.line = _line(event)
        self.text = text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1


class _Reader:
    """Builds the value of a document from the parser's events."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def document(self) -> Any:
        """The one document of the stream; None if there is none."""
        next(self.events)  # the stream starts
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        value = self.value(next(self.events), ())
        next(self.events)  # the document ends
        if not isinstance(after := next(self.events), yaml.StreamEndEvent):
            raise _StopError(after, "a second document starts; write one file for each")
        return value

    def value(self, event: yaml.Event, path: Path) -> Any:
        """The value that starts with `event`."""
        if len(path) > MAX_DEPTH:
            raise _StopError(
                event, f"nested more than {MAX_DEPTH} levels deep; flatten it"
            )
        self.lines.setdefault(path, _line(event))
        if tag := getattr(event, "tag", None):
            self.wrong(event, path, f"the tag {tag} is not allowed; remove it")
        match event:
            case yaml.MappingStartEvent():
                return self.mapping(path)
            case yaml.SequenceStartEvent():
                return self.sequence(path)
            case yaml.ScalarEvent():
                return self.scalar(event, path)
            case _:
                self.wrong(event, path, "aliases are not allowed; write the value out")
                return None

    def mapping(self, path: Path) -> dict[str, Any]:
        """The mapping whose start has been read."""
        result: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _StopError(event, "a key must be plain text")
            key = event.value
            here = (*path, key)
            if key in result:
                self.wrong(
                    event, here, f"given twice, first in line {self.lines[here]}"
                )
            self.lines.setdefault(here, _line(event))
            self.visible(event, here)
            result[key] = self.value(next(self.events), here)
        return result

    def sequence(self, path: Path) -> list[Any]:
        """The sequence whose start has been read."""
        result: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            result.append(self.value(event, (*path, len(result))))
        return result

    def scalar(self, event: yaml.ScalarEvent, path: Path) -> Any:
        """A scalar: quoted it is text, plain it may be a number, a truth or null."""
        self.visible(event, path)
        return _plain(event.value) if event.implicit[0] else event.value

    def visible(self, event: yaml.ScalarEvent, path: Path) -> None:
        """Note what an escape has smuggled in."""
        if found := _INVISIBLE.search(event.value):
            self.wrong(event, path, _invisible(found))

    def wrong(self, event: yaml.Event, path: Path, text: str) -> None:
        """Note a problem and read on."""
        self.problems.append(Problem(_line(event), dotted(path), text))


def _plain(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and isfinite(number := float(text)):
        return number
    return text
