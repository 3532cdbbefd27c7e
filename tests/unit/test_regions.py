"""Regions: which codes can be, and what pages call them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.display import Display
from dashboard.texts import LANGUAGES, Texts
from domain.regions import (
    COLLECTIVE,
    NAMES,
    PROVINCES,
    WITHOUT_COUNTIES,
    around,
    region_problem,
)

PREFECTURES = [c for c in NAMES if c.endswith("00") and not c.endswith("0000")]
COUNTIES = [code for code in NAMES if not code.endswith("00")]
ABOLISHED = {"330103", "330104"}
ZH, EN = (
    Display(
        texts=Texts(language),
        zone=ZoneInfo("Asia/Shanghai"),
        now=datetime(2026, 11, 22, tzinfo=UTC),
    )
    for language in LANGUAGES
)

# Names ----------------------------------------------------------------------------------


def test_there_are_34_provinces_333_prefectures_and_90_counties_of_zhejiang() -> None:
    assert len(PROVINCES) == 34
    assert len([c for c in PREFECTURES if c[:4] not in COLLECTIVE]) == 333
    zhejiang = {code for code in COUNTIES if code.startswith("33")}
    assert len(zhejiang - ABOLISHED) == 90
    assert zhejiang >= ABOLISHED | {"330113", "330114", "330383"}


def test_every_name_is_chinese_with_an_english_one_of_all_but_other_counties() -> None:
    for code, (zh, en) in NAMES.items():
        assert zh
        assert all(
            "\N{CJK UNIFIED IDEOGRAPH-4E00}" <= letter <= "\u9fff" for letter in zh
        )
        assert en or not code.endswith("00")
        assert en or not code.startswith("33")
        assert en.replace("'", "").replace(" ", "").isalpha() or not en


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("330382", "Yueqing"),
        ("331000", "Taizhou"),
        ("331100", "Lishui"),
        ("331122", "Jinyun"),
        ("331102", "Liandu"),
        ("330683", "Shengzhou"),
        ("330212", "Yinzhou"),
        ("330800", "Quzhou"),
        ("341500", "Lu'an"),
        ("610000", "Shaanxi"),
        ("650100", "Ürümqi"),
    ],
)
def test_names_are_read_as_their_people_read_them(code: str, name: str) -> None:
    assert NAMES[code].en == name


def test_every_region_lies_in_a_known_one() -> None:
    assert [c for c in PREFECTURES + COUNTIES if around(c) is None] == []
    assert {f"{c[:4]}00" for c in COUNTIES} <= set(PREFECTURES)


def test_every_county_may_be_registered() -> None:
    assert [code for code in COUNTIES if region_problem(code)] == []
    assert [c for c in WITHOUT_COUNTIES if region_problem(f"{c}00")] == []


@pytest.mark.parametrize("show", [ZH, EN])
def test_no_two_regions_are_called_the_same(show: Display) -> None:
    shown = Counter(show.region(code) for code in NAMES)
    assert [name for name, times in shown.items() if times > 1] == []


@pytest.mark.parametrize("show", [ZH, EN])
def test_no_two_regions_are_called_the_same_on_the_page_around_them(
    show: Display,
) -> None:
    for outer in {around(code) or "" for code in NAMES} - {""}:
        within = [show.region(code, outer) for code in NAMES if around(code) == outer]
        assert len(set(within)) == len(within)


@pytest.mark.parametrize(
    ("code", "within", "zh", "en"),
    [
        ("330000", "", "浙江省", "Zhejiang"),
        ("330100", "", "杭州市", "Hangzhou"),
        ("330106", "", "杭州市西湖区", "Xihu (Hangzhou)"),
        ("330106", "330000", "杭州市西湖区", "Xihu (Hangzhou)"),
        ("330106", "330100", "西湖区", "Xihu"),
        ("330106", "330106", "西湖区", "Xihu"),
        ("331000", "", "台州市", "Taizhou (Zhejiang)"),
        ("331000", "330000", "台州市", "Taizhou"),
        ("331002", "", "台州市椒江区", "Jiaojiang (Taizhou)"),
        ("360103", "", "南昌市西湖区", "西湖区 360103 (Nanchang)"),
        ("110101", "", "北京市东城区", "东城区 110101 (Beijing)"),
        ("110101", "110100", "东城区", "东城区 110101"),
        ("500200", "", "重庆市县", "Counties (Chongqing)"),
        ("441900", "", "东莞市", "Dongguan"),
        ("330199", "", "杭州市 330199", "Hangzhou 330199"),
        ("349901", "340000", "安徽省 349901", "Anhui 349901"),
        ("810001", "", "香港特别行政区 810001", "Hong Kong 810001"),
        ("990101", "", "990101", "990101"),
    ],
)
def test_what_is_around_a_region_is_said_where_the_page_does_not(
    code: str, within: str, zh: str, en: str
) -> None:
    assert (ZH.region(code, within), EN.region(code, within)) == (zh, en)


# Codes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    ["330106", "110101", "441900", "429004", "500229", "810001", "710000", "659001"],
)
def test_region_that_exists_is_accepted(code: str) -> None:
    assert region_problem(code) is None


@pytest.mark.parametrize(
    "code", ["３３０１０６", "33010", "330106\n", "000000", "337106", "117101"]
)
def test_region_that_cannot_exist_is_refused(code: str) -> None:
    assert region_problem(code)
