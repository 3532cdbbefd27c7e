"""`/rules`: the catalogue, and the versions that judge now, in words."""

from __future__ import annotations

from fastapi import APIRouter

from dashboard.api import rule_texts
from dashboard.api.fields import Here
from dashboard.api.models import Both, Model
from dashboard.api.rule_texts import LevelInWords, parsed
from dashboard.identity import Me
from rules import catalogue
from storage import assigned_rules

router = APIRouter(tags=["rules"])


class Version(Model):
    """A rule as it is assigned, its limits resolved."""

    version: str
    levels: list[LevelInWords]
    points: int
    """That you may see and it judges."""


class CatalogueRule(Model):
    """A ready rule."""

    key: str
    kind: str
    name: Both
    basis: Both
    """The law, standard or process that the limits come from."""
    quantity: str | None
    unit: str | None
    levels: list[LevelInWords]
    """As the catalogue has them."""
    assigned: list[Version]
    """As they judge points that you may see."""


@router.get("/rules")
async def list_rules(here: Here, person: Me) -> list[CatalogueRule]:
    """All rules, each with its basis."""
    async with here.seen_by(person) as connection:
        found = await assigned_rules.assigned(connection, here.clock.now())
    own = catalogue.load()
    # A rule may be assigned that the catalogue has no more.
    gone = {one.rule: parsed(one.content) for one in found if one.rule not in own}
    return [
        CatalogueRule(
            key=key,
            kind=rule.kind,
            name=Both(zh=rule.name.zh, en=rule.name.en),
            basis=Both(zh=rule.basis.zh, en=rule.basis.en),
            quantity=rule.quantity,
            unit=rule.unit,
            levels=rule_texts.levels(rule, rule.unit),
            assigned=[
                Version(
                    version=one.version,
                    levels=rule_texts.levels(parsed(one.content), None),
                    points=one.points,
                )
                for one in found
                if one.rule == key
            ],
        )
        for key, rule in sorted((own | gone).items())
    ]
