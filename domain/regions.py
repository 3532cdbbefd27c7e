"""Regions: the six digits of GB/T 2260 (province, prefecture, county; two digits each).

The provinces and the prefectures of Zhejiang are known by code; elsewhere prefectures
and all counties are held against the standard's structure only, for its lists change
every year.
"""

from __future__ import annotations

import re

PROVINCES = {
    "11": ("北京市", "Beijing"),
    "12": ("天津市", "Tianjin"),
    "13": ("河北省", "Hebei"),
    "14": ("山西省", "Shanxi"),
    "15": ("内蒙古自治区", "Inner Mongolia"),
    "21": ("辽宁省", "Liaoning"),
    "22": ("吉林省", "Jilin"),
    "23": ("黑龙江省", "Heilongjiang"),
    "31": ("上海市", "Shanghai"),
    "32": ("江苏省", "Jiangsu"),
    "33": ("浙江省", "Zhejiang"),
    "34": ("安徽省", "Anhui"),
    "35": ("福建省", "Fujian"),
    "36": ("江西省", "Jiangxi"),
    "37": ("山东省", "Shandong"),
    "41": ("河南省", "Henan"),
    "42": ("湖北省", "Hubei"),
    "43": ("湖南省", "Hunan"),
    "44": ("广东省", "Guangdong"),
    "45": ("广西壮族自治区", "Guangxi"),
    "46": ("海南省", "Hainan"),
    "50": ("重庆市", "Chongqing"),
    "51": ("四川省", "Sichuan"),
    "52": ("贵州省", "Guizhou"),
    "53": ("云南省", "Yunnan"),
    "54": ("西藏自治区", "Tibet"),
    "61": ("陕西省", "Shaanxi"),
    "62": ("甘肃省", "Gansu"),
    "63": ("青海省", "Qinghai"),
    "64": ("宁夏回族自治区", "Ningxia"),
    "65": ("新疆维吾尔自治区", "Xinjiang"),
    "71": ("台湾省", "Taiwan"),
    "81": ("香港特别行政区", "Hong Kong"),
    "82": ("澳门特别行政区", "Macao"),
}
"""Names (Chinese, English) by the first two digits."""

PREFECTURES = {
    "3301": ("杭州市", "Hangzhou"),
    "3302": ("宁波市", "Ningbo"),
    "3303": ("温州市", "Wenzhou"),
    "3304": ("嘉兴市", "Jiaxing"),
    "3305": ("湖州市", "Huzhou"),
    "3306": ("绍兴市", "Shaoxing"),
    "3307": ("金华市", "Jinhua"),
    "3308": ("衢州市", "Quzhou"),
    "3309": ("舟山市", "Zhoushan"),
    "3310": ("台州市", "Taizhou"),
    "3311": ("丽水市", "Lishui"),
}
"""Names (Chinese, English) by the first four digits, of the provinces listed whole."""

WITHOUT_COUNTIES = {"4419", "4420", "4604", "6202"}
"""东莞, 中山, 儋州, 嘉峪关: the cities that have no counties, so that their own code stands."""


def region_name(code: str) -> tuple[str, str] | None:
    """Chinese and English name of a province or prefecture (six digits); None: not known."""
    if code[4:] != "00":
        return None
    return PREFECTURES.get(code[:4]) if code[2:4] != "00" else PROVINCES.get(code[:2])


_LISTED = {code[:2] for code in PREFECTURES}
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
        return f"{PROVINCES[province][0]} has no prefecture {prefecture}"
    if county == "00" and prefecture not in WITHOUT_COUNTIES:
        return f"{code} is a whole prefecture"
    return None


def _prefecture(code: str) -> bool:
    """True if `code` (four digits) is a known prefecture, or could be where none is listed.

    01–20 and 51–70 are cities, 21–50 prefectures and leagues, 90 the counties that a
    province governs itself.
    """
    if code[:2] in _LISTED:
        return code in PREFECTURES
    return bool(re.fullmatch(r"0[1-9]|[1-6][0-9]|70|90", code[2:]))
