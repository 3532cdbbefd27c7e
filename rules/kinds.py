"""The kinds of rule, one line each. What they mean is written down in docs/rules.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from domain.rules import RuleVersion
from rules import cumulative, gap, no_value, rate, silence, threshold, trend
from rules.rule import AnyRule
from rules.watch import Kind

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "threshold": threshold.KIND,
        "cumulative": cumulative.KIND,
        "rate": rate.KIND,
        "trend": trend.KIND,
        "no-value": no_value.KIND,
        "gap": gap.KIND,
    }
)
"""What judges readings."""
RULES: Mapping[str, type[AnyRule]] = MappingProxyType(
    {name: kind.rule for name, kind in KINDS.items()} | {"silence": silence.SilenceRule}
)
"""By kind; what judges arrival (silence) is folded by nobody (`alerting/findings/silence.py`)."""


def parse(content: Mapping[str, Any]) -> AnyRule:
    """A rule as YAML or a version has it. Raises ValueError where it is none."""
    kind = str(content.get("kind"))
    if kind not in RULES:
        raise ValueError(f"kind {kind}: choose {', '.join(RULES)}")
    return RULES[kind].model_validate(content)


def from_version(version: RuleVersion) -> AnyRule:
    """The rule that was frozen. Raises ValueError if it is not one."""
    return parse(json.loads(version.content))
