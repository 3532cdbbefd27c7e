"""The catalogue of ready rules: one YAML file each, every limit with its basis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError

from domain.errors import InputError
from domain.rules import RuleVersion
from domain.text import Text, lines
from domain.wrong_values import said
from rules.kinds import parse
from rules.level import Level
from rules.rule import AnyRule


@cache
def load() -> Mapping[str, AnyRule]:
    """All ready rules by key. Raises pydantic.ValidationError for a file that is wrong."""
    texts = (
        file.read_text(encoding="utf-8")
        for file in (files("rules") / "catalogue").iterdir()
        if file.name.endswith(".yaml")
    )
    rules = (parse(yaml.safe_load(text)) for text in texts)
    return MappingProxyType(
        {rule.key: rule for rule in sorted(rules, key=lambda r: r.key)}
    )


def resolve(key: str, overrides: Mapping[str, Any]) -> AnyRule:
    """The ready rule `key`, the fields of its levels overridden: level → field → value.

    Fields are named as in YAML (`above`, `for`, `severity` …; docs/rules.md has them all). Raises InputError, one line per problem, naming rule, level and field.
    """
    rule = load().get(key)
    if rule is None:
        known = ", ".join(load())
        raise InputError(
            zh=f"规则目录中没有 {key!r}；有：{known}。",
            en=f"rule {key!r} is not in the catalogue: {known}",
        )
    unknown = [name for name in overrides if rule.level(name) is None]
    if unknown:
        known = ", ".join(level.name for level in rule.levels)
        raise InputError(
            zh=f"规则 {key} 没有级别 {unknown[0]!r}；有：{known}。",
            en=f"rule {key}, level {unknown[0]!r}: its levels are {known}",
        )
    levels = tuple(
        _override(key, level, overrides.get(level.name, {})) for level in rule.levels
    )
    return rule.model_copy(update={"levels": levels})


def version(key: str, overrides: Mapping[str, Any]) -> RuleVersion:
    """The same, frozen: what the registry assigns."""
    return resolve(key, overrides).to_version()


def _override(rule: str, level: Level, fields: object) -> Level:
    where = Text(f"规则 {rule}，级别 {level.name}", f"rule {rule}, level {level.name}")
    if not isinstance(fields, Mapping):
        raise InputError(
            zh=f"{where.zh}：应为各项及其值，而非 {fields!r}。",
            en=f"{where.en}: give fields with values, not {fields!r}",
        )
    if "name" in fields:
        raise InputError(
            zh=f"{where.zh}，name：不可更改。",
            en=f"{where.en}, field name: it cannot be overridden",
        )
    try:
        return type(level).model_validate({**level.model_dump(), **fields})
    except ValidationError as error:
        raise InputError(**lines(_problems(where, error))._asdict()) from error


def _problems(where: Text, error: ValidationError) -> Iterator[Text]:
    for problem in error.errors(include_url=False):
        words = said(problem)
        zh = "".join(f"，{name}" for name in problem["loc"])
        en = "".join(f", field {name}" for name in problem["loc"])
        yield Text(f"{where.zh}{zh}：{words.zh}", f"{where.en}{en}: {words.en}")
