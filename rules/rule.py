"""Rules as the catalogue has them: what all kinds share. A rule's content names its version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar

from pydantic import Field, model_validator

from domain.documents import document
from domain.rules import RuleVersion
from rules.level import Level
from rules.model import Model, Name, Text

L_co = TypeVar("L_co", bound=Level, covariant=True)


class Rule(Model, Generic[L_co]):
    """A whole rule, its limits resolved. Each kind has a subclass, for its own levels."""

    of_values: ClassVar[bool] = True
    """Whether its limits are in a unit, and so it judges one quantity only."""

    key: Name
    kind: str
    """Names the module of `rules/` that judges (`rules/kinds.py`)."""
    quantity: str | None = None
    unit: str | None = None
    """Of the values that it judges. None, both: whatever is measured."""
    name: Text
    basis: Text
    """The law, standard or process that the limits come from; says what is a default."""
    levels: tuple[L_co, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if len({level.name for level in self.levels}) < len(self.levels):
            raise ValueError("two levels have the same name")
        return self

    @model_validator(mode="after")
    def _unit_is_known(self) -> Self:
        if self.of_values and (self.quantity is None or self.unit is None):
            raise ValueError(f"a {self.kind} rule needs `quantity` and `unit`")
        return self

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """All of it, as JSON has it."""
        return self.model_dump(mode="json")

    def level(self, name: str) -> L_co | None:
        """The level of that name, or None."""
        return next((level for level in self.levels if level.name == name), None)

    def to_version(self) -> RuleVersion:
        """Freeze the rule: canonical JSON (sorted keys, no spaces), named by its hash."""
        content = document(self.content)
        spans = [level.span for level in self.levels if level.span is not None]
        pairs = [level.pairs_over for level in self.levels if level.pairs_over]
        return RuleVersion(
            version=hashlib.sha256(content.encode()).hexdigest()[:16],
            rule=self.key,
            kind=self.kind,
            content=content,
            span=min(spans, default=None),
            pairs_over=max(pairs, default=None),
        )


AnyRule: TypeAlias = Rule[Any]
"""A rule of whatever kind."""
