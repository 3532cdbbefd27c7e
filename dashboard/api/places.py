"""`/sites`, `/enterprises` and `/regions`, with safety codes and indices."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from alerting.safety import code as safety
from alerting.safety.grounds import Colour
from dashboard.api import cursor
from dashboard.api.fields import (
    Asked,
    Code,
    Cursor,
    Here,
    Limit,
    Region,
    Search,
    ThingId,
    regions,
)
from dashboard.api.models import (
    Both,
    Enterprise,
    Model,
    Page,
    ProblemDocument,
    enterprise,
)
from dashboard.identity import Me
from dashboard.problems import Problem
from domain.regions import NAMES
from storage import places
from storage.places import EnterpriseLine, Filter, Presence, SiteLine

router = APIRouter(tags=["places"])
UNKNOWN = {404: {"model": ProblemDocument, "description": "No such thing for you."}}


class WantedSites(Asked):
    """Which sites are wanted."""

    enterprise: Annotated[Code | None, Field(description="统一社会信用代码")] = None
    region: Region | None = None
    q: Annotated[Search | None, Field(description="in names and keys")] = None
    cursor: Cursor | None = None
    limit: Limit = 50


class WantedEnterprises(Asked):
    """Which enterprises are wanted."""

    safety: Annotated[Colour | None, Field(description="colour of the code")] = None
    region: Region | None = None
    q: Annotated[Search | None, Field(description="in names and code")] = None
    cursor: Cursor | None = None
    limit: Limit = 50


class Site(Model):
    """A place where devices stand."""

    id: int
    key: str
    name: Both
    kind: str
    region: str
    """GB/T 2260."""
    telephone: str
    enterprise: Enterprise | None
    area_m2: float | None
    height_m: float | None
    longitude: float | None
    latitude: float | None
    devices: int
    points: int


class Safety(Model):
    """一码: the safety code of an enterprise, and why."""

    code: Colour
    """Grey also where whoever judges gives no sign of life."""
    score: float | None
    """0 to 100; null: not assessed."""
    reasons: Any
    """In words, the gravest first."""
    facts: Any
    formula: str
    judged_at: datetime


class EnterpriseDetails(Enterprise):
    """An enterprise."""

    kind: str
    high_risk: list[str]
    """Classes of product that weigh twice."""
    regions: list[str]
    """Of those of its sites that you may see."""
    safety: Safety | None
    """Null: not judged yet."""


class RegionSummary(Model):
    """一指数: a region and the enterprises in it that you may see."""

    code: str
    """Six digits."""
    name: Both | None
    """null: we know none. Counties outside Zhejiang have their Chinese name in English, too."""
    index: float | None
    """0 to 100; null: too few are assessed for it to be stated."""
    band: Colour | None
    codes: dict[Colour, int]
    """How many enterprises have which colour."""
    assessed: float
    """Share of the enterprises that are assessed."""
    worst: list[Enterprise]
    """The five worst of those assessed."""
    formula: str


@router.get("/sites")
async def list_sites(
    here: Here, person: Me, wanted: Annotated[WantedSites, Query()]
) -> Page[Site]:
    """Sites by number."""
    asked = Filter(
        enterprise=wanted.enterprise,
        regions=regions(wanted.region),
        search=wanted.q,
    )
    async with here.seen_by(person) as connection:
        found = await places.sites(
            connection,
            asked,
            after=cursor.number(wanted.cursor),
            limit=wanted.limit + 1,
        )
    return cursor.page(found, wanted.limit, _site, lambda line: (line.id,))


@router.get("/sites/{site}", responses={**UNKNOWN})
async def get_site(here: Here, person: Me, site: ThingId) -> Site:
    """One site."""
    async with here.seen_by(person) as connection:
        line = await places.site(connection, site)
    if line is None:
        raise Problem(404)
    return _site(line)


@router.get("/enterprises")
async def list_enterprises(
    here: Here, person: Me, wanted: Annotated[WantedEnterprises, Query()]
) -> Page[EnterpriseDetails]:
    """Enterprises by age of their registration."""
    asked = Filter(
        safety=wanted.safety, regions=regions(wanted.region), search=wanted.q
    )
    async with here.seen_by(person) as connection:
        found = await places.enterprises(
            connection,
            asked,
            after=cursor.number(wanted.cursor),
            limit=wanted.limit + 1,
        )
    shown = partial(_enterprise, real_now=here.real_now())
    return cursor.page(found, wanted.limit, shown, lambda line: (line.id,))


@router.get("/enterprises/{code}", responses={**UNKNOWN})
async def get_enterprise(
    here: Here, person: Me, code: Annotated[Code, Path(examples=["91330106MA27XY001X"])]
) -> EnterpriseDetails:
    """One enterprise, with its safety code and the reasons for it."""
    async with here.seen_by(person) as connection:
        line = await places.enterprise(connection, code)
    if line is None:
        raise Problem(404)
    return _enterprise(line, here.real_now())


@router.get("/regions")
async def list_regions(here: Here, person: Me) -> list[RegionSummary]:
    """All regions in which you may see anything: provinces, prefectures and counties."""
    async with here.seen_by(person) as connection:
        found = await places.presence(connection, 0, 999_999)
    by_region: dict[str, list[Presence]] = defaultdict(list)
    for one in found:
        for digits in (2, 4, 6):
            by_region[one.region[:digits].ljust(6, "0")].append(one)
    return [
        _region(code, ones, here.real_now()) for code, ones in sorted(by_region.items())
    ]


@router.get("/regions/{region}", responses={**UNKNOWN})
async def get_region(
    here: Here, person: Me, region: Annotated[Region, Path(examples=["330100"])]
) -> RegionSummary:
    """One region with all below it."""
    low, high = regions(region)
    assert low is not None
    assert high is not None
    async with here.seen_by(person) as connection:
        found = await places.presence(connection, low, high)
    if not found:
        raise Problem(404)
    return _region(f"{low:06}", found, here.real_now())


def _site(line: SiteLine) -> Site:
    return Site(
        id=line.id,
        key=line.key,
        name=Both(zh=line.name_zh, en=line.name_en),
        kind=line.kind,
        region=line.region,
        telephone=line.telephone,
        enterprise=enterprise(line),
        area_m2=line.area_m2,
        height_m=line.height_m,
        longitude=line.longitude,
        latitude=line.latitude,
        devices=line.devices,
        points=line.points,
    )


def _enterprise(line: EnterpriseLine, real_now: datetime) -> EnterpriseDetails:
    return EnterpriseDetails(
        code=line.code,
        name=Both(zh=line.name_zh, en=line.name_en),
        kind=line.kind,
        high_risk=line.high_risk,
        regions=line.regions,
        safety=_safety(line, real_now),
    )


def _safety(line: EnterpriseLine, real_now: datetime) -> Safety | None:
    if line.safety is None:
        return None
    return Safety.model_validate(
        {
            "code": safety.standing(Colour(line.safety), line.beat_at, real_now),
            "score": line.score,
            "reasons": line.reasons,
            "facts": line.facts,
            "formula": line.formula,
            "judged_at": line.judged_at,
        }
    )


def _region(code: str, found: list[Presence], real_now: datetime) -> RegionSummary:
    own = {one.id: one for one in found}
    name = NAMES.get(code)
    index = safety.index(safety.listed(own.values(), real_now))
    worst = [enterprise(own[number]) for number in index.worst]
    return RegionSummary(
        code=code,
        name=name and Both(zh=name.zh, en=name.en or name.zh),
        index=index.value,
        band=index.band,
        codes=dict(index.counts),
        assessed=index.assessed,
        worst=[one for one in worst if one],
        formula=index.formula,
    )
