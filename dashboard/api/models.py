"""Models that several resources answer with."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item")


class Model(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Both(Model):
    """A text in both languages."""

    zh: str
    en: str


class Page(Model, Generic[Item]):
    """Part of a listing."""

    items: list[Item]
    next: str | None
    """Cursor of the next page; null: this is the last."""


class Enterprise(Model):
    """An enterprise, by name."""

    code: str
    """统一社会信用代码."""
    name: Both


class Thing(Model):
    """A site, device or point, by name."""

    id: int
    name: Both


class ProblemDocument(Model):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    """`urn:blackbox:problem:…`: what kind of problem, for programs."""
    title: str
    status: int
    detail: str
    """What is wrong and what to do, in the language asked for."""
    instance: str
    """The path that was asked."""


class CommandProblem(ProblemDocument):
    """A command that was refused, and changed nothing."""

    possible: list[str] = []
    """Commands that you may give now."""
    revision: int | None = None
    """Of the alert now."""


def both(thing: Any, name: str) -> Both | None:
    """The name of what has `{name}_zh` and `{name}_en`; None where it has none."""
    zh, en = getattr(thing, f"{name}_zh"), getattr(thing, f"{name}_en")
    return None if zh is None else Both(zh=zh, en=en)


def enterprise(line: Any) -> Enterprise | None:
    """The enterprise of a line; None where it has none, or it is not seen."""
    name = both(line, "enterprise")
    return name and Enterprise(code=line.enterprise_code, name=name)


def thing(line: Any, name: str, number: int | None) -> Thing | None:
    """The site, device or point of a line; None where it has none, or it is not seen."""
    own = both(line, name)
    return None if own is None or number is None else Thing(id=number, name=own)
