"""Regions: the six digits of GB/T 2260 (province, prefecture, county; two digits each).

Their names are in `regions.csv`: everywhere as of 2020, those of Zhejiang as of 2021 with
the two districts that Hangzhou had until then. The lists change every year. Only Zhejiang's
prefectures are held against them; what else the standard's structure allows is taken, and a
code without a name is shown by what is around it. English names are without rank
("Hangzhou", "Xihu"), of counties outside Zhejiang there are none.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from importlib.resources import files
from typing import Final, NamedTuple


class Name(NamedTuple):
    """What a region is called."""

    zh: str
    en: str
    """"": not told."""


def _read() -> dict[str, Name]:
    text = (files("domain") / "regions.csv").read_text(encoding="utf-8")
    return {code: Name(zh, en) for code, zh, en in csv.reader(text.splitlines()[1:])}


NAMES: Final = _read()
"""By six digits."""
PROVINCES: Final = {
    code[:2]: name for code, name in NAMES.items() if code.endswith("0000")
}
"""By the first two digits."""
WITHOUT_COUNTIES: Final = {"4419", "4420", "4604", "6202"}
"""东莞, 中山, 儋州, 嘉峪关: the cities that have no counties, so that their own code stands."""
COLLECTIVE: Final = {
    "1101", "1201", "3101", "4190", "4290", "4690", "5001", "5002", "6590"
}  # fmt: skip
"""No places, but what the standard calls the counties that a province governs itself."""
_BEARERS = [
    Counter(names[column] for code, names in NAMES.items() if code.endswith("00"))
    for column in range(2)
]


def around(code: str) -> str | None:
    """The nearest place around it, six digits: of a county its prefecture. None: nothing is."""
    for outer in (f"{code[:4]}00", f"{code[:2]}0000"):
        if outer != code and outer in NAMES and outer[:4] not in COLLECTIVE:
            return outer
    return None


def is_in(code: str, outer: str) -> bool:
    """Whether a region is a province or prefecture, or lies in it (six digits each)."""
    return code.startswith(outer[: 2 if outer.endswith("0000") else 4])


def is_shared(code: str) -> tuple[bool, bool]:
    """Whether other regions may have its Chinese, and its English name.

    Those of counties always: there are dozens of 城区 and 鼓楼区.
    """
    county = not code.endswith("00") or code[:4] in COLLECTIVE
    zh, en = (
        county or bearers[name] > 1
        for name, bearers in zip(NAMES[code], _BEARERS, strict=True)
    )
    return zh, en


_HELD = {"33"}
_SPECIAL = {"71", "81", "82"}


def region_problem(code: str) -> str | None:
    """What keeps `code` from naming a county; None if nothing does."""
    if not re.fullmatch(r"[0-9]{6}", code):
        return f"a region is the six digits of GB/T 2260, not {code!r}"
    province, prefecture, county = code[:2], code[:4], code[4:]
    if province not in PROVINCES:
        return f"GB/T 2260 has no province {province}"
    if province in _SPECIAL:
        return None
    if not _prefecture(prefecture):
        return f"{PROVINCES[province].zh} has no prefecture {prefecture}"
    if county == "00" and prefecture not in WITHOUT_COUNTIES:
        return f"{code} is a whole prefecture"
    return None


def _prefecture(code: str) -> bool:
    """True if `code` (four digits) is a prefecture, or could be one where lists may lag.

    01–20 and 51–70 are cities, 21–50 prefectures and leagues, 90 the counties that a
    province governs itself.
    """
    if code[:2] in _HELD:
        return f"{code}00" in NAMES
    return bool(re.fullmatch(r"0[1-9]|[1-6][0-9]|70|90", code[2:]))
