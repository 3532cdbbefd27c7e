"""What a region amounts to: its areas, codes, index, open alerts. Pure.

An area is the next smaller region that tells the sites apart: provinces of the country,
prefectures of a province, counties of a prefecture.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final

from alerting.safety import code as safety
from alerting.safety.code import Colour, Index
from alerting.safety.hearing import Silent
from dashboard.pages.overview.cartogram import Place, centre, tiles, width
from domain.rules import Severity
from storage.standing import Enterprise, Open, Site

STATES: Final = ("critical", "major", "silent", "minor", "unknown", "well")
"""Of a site, the worst first; nothing is known to be well whose owner is not assessed."""
BADNESS: Final = {
    colour: place
    for place, colour in enumerate(
        (Colour.RED, Colour.YELLOW, Colour.GREY, Colour.GREEN)
    )
}
NOTHING: Final = Open()


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A site on the map."""

    site: Site
    state: str
    """One of STATES: of its worst alert that has not returned, or a silence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """A tile of the map."""

    code: str
    """GB/T 2260, six digits."""
    index: Index
    open: Open
    spots: Sequence[Spot]
    """Its sites, those in the worst state first."""

    @property
    def states(self) -> dict[str, int]:
        """Number of sites by state, the worst first."""
        counts = Counter(spot.state for spot in self.spots)
        return {state: counts[state] for state in STATES if counts[state]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Coded:
    """An enterprise with its code as it is shown."""

    enterprise: Enterprise
    colour: Colour
    heard: bool
    """Whether whoever judges gives a sign of life; without one, the code is grey."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """A region."""

    areas: Sequence[Area]
    """Row by row."""
    wide: int
    """Areas in a row."""
    index: Index
    coded: Sequence[Coded]
    """All enterprises, the worst first."""
    open: Open
    unheard: Sequence[Silent]
    """Devices that are silent, though no alert says so, the longest first."""
    points: int
    """In use."""
    due: int
    """Cadence slots of the last 7 full days of the enterprises' points."""
    filled: int

    @property
    def sites(self) -> int:
        """How many there are."""
        return sum(len(area.spots) for area in self.areas)


def summarise(
    sites: Iterable[Site],
    enterprises: Sequence[Enterprise],
    opened: Iterable[Open],
    unheard: Sequence[Silent],
    real_now: datetime,
) -> Summary:
    """The region of these sites; one whose owner is not among `enterprises` is left out.

    `unheard` are silent, too, beside those that the open alerts are about.
    """
    owners = {one.id: one for one in enterprises}
    seen = [site for site in sites if site.enterprise in owners]
    by_site = {one.site: one for one in opened}
    for site, devices in Counter(one.site for one in unheard).items():
        known = by_site.get(site, Open(site=site))
        by_site[site] = replace(known, silent=known.silent + devices)
    areas = {
        code: _area(code, ones, owners, by_site, real_now)
        for code, ones in by_area(seen).items()
    }
    order = tiles({code: _centre(area.spots) for code, area in areas.items()})
    return Summary(
        areas=[areas[code] for code in order],
        wide=width(len(areas)),
        index=_index(owners.values(), real_now),
        coded=_coded(enterprises, real_now),
        open=total(by_site.values()),
        unheard=unheard,
        points=sum(one.points for one in enterprises),
        due=sum(one.due for one in enterprises),
        filled=sum(one.filled for one in enterprises),
    )


def by_area(sites: Iterable[Site]) -> Mapping[str, Sequence[Site]]:
    """Sites by the six digits of their area."""
    found = list(sites)
    digits = next((n for n in (2, 4) if len({one.region[:n] for one in found}) > 1), 6)
    areas: defaultdict[str, list[Site]] = defaultdict(list)
    for site in found:
        areas[site.region[:digits].ljust(6, "0")].append(site)
    return areas


def colour(one: Enterprise, real_now: datetime) -> Colour:
    """The code as it is shown: grey without a sign of life of whoever judges."""
    return safety.standing(Colour(one.code), one.beat_at, real_now)


def state(opened: Open, *, assessed: bool = True) -> str:
    """How a site is, by what is open there, and whether its owner is assessed."""
    if opened.silent and opened.worst < Severity.MAJOR:
        return "silent"
    if opened.worst:
        return Severity(opened.worst).name.lower()
    return "well" if assessed else "unknown"


def total(opened: Iterable[Open]) -> Open:
    """The sum of all; the worst of what is going on."""
    every = list(opened)
    names = {field.name for field in fields(Open)} - {"site", "worst"}
    sums = {name: sum(getattr(one, name) for one in every) for name in names}
    return Open(worst=max((one.worst for one in every), default=0), **sums)


def _area(
    code: str,
    sites: Sequence[Site],
    owners: Mapping[int, Enterprise],
    opened: Mapping[int | None, Open],
    real_now: datetime,
) -> Area:
    present = {site.enterprise: owners[site.enterprise] for site in sites}
    spots = [
        Spot(
            site=site,
            state=state(
                opened.get(site.id, NOTHING),
                assessed=colour(present[site.enterprise], real_now) is not Colour.GREY,
            ),
        )
        for site in sites
    ]
    return Area(
        code=code,
        index=_index(present.values(), real_now),
        open=total(opened.get(site.id, NOTHING) for site in sites),
        spots=sorted(spots, key=lambda spot: (STATES.index(spot.state), spot.site.id)),
    )


def _index(enterprises: Iterable[Enterprise], real_now: datetime) -> Index:
    return safety.index(safety.listed(enterprises, real_now))


def _centre(spots: Iterable[Spot]) -> Place | None:
    return centre(
        [
            Place(site.longitude, site.latitude)
            for site in (spot.site for spot in spots)
            if site.longitude is not None and site.latitude is not None
        ]
    )


def _coded(enterprises: Iterable[Enterprise], real_now: datetime) -> list[Coded]:
    coded = []
    for one in enterprises:
        shown = colour(one, real_now)
        heard = shown is Colour(one.code)
        coded.append(Coded(enterprise=one, colour=shown, heard=heard))
    return sorted(coded, key=_worst_first)


def _worst_first(one: Coded) -> tuple[int, float, int]:
    score = one.enterprise.score
    return BADNESS[one.colour], 0.0 if score is None else score, one.enterprise.id
