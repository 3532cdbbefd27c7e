"""The registry of a province: enterprises of all eleven prefectures of Zhejiang, all of nobody."""

from __future__ import annotations

from typing import Final

import yaml
from stdnum.cn import uscc

PLACES: Final = (
    ("330106", 120.13, 30.27), ("330106", 120.10, 30.26), ("330109", 120.27, 30.16),
    ("330110", 120.30, 30.42), ("330203", 121.55, 29.87), ("330206", 121.84, 29.90),
    ("330212", 121.55, 29.82), ("330302", 120.65, 28.01), ("330304", 120.63, 27.97),
    ("330402", 120.76, 30.77), ("330411", 120.71, 30.75), ("330604", 120.87, 30.03),
    ("330702", 119.65, 29.08), ("331002", 121.43, 28.68), ("330502", 120.10, 30.87),
    ("330802", 118.87, 28.94), ("330902", 122.10, 30.02), ("331102", 119.92, 28.45),
)  # fmt: skip
"""Region, longitude, latitude of each enterprise's first site."""
NAMES: Final = (
    ("西湖医药物流", "Xihu Pharma Logistics"), ("古荡连锁药房", "Gudang Pharmacies"),
    ("萧山生物制品", "Xiaoshan Biologicals"), ("临平冷链", "Linping Cold Chain"),
    ("海曙社区卫生中心", "Haishu Community Health"), ("北仑医药配送", "Beilun Distribution"),
    ("鄞州接种门诊", "Yinzhou Vaccination Clinic"), ("鹿城药业", "Lucheng Pharma"),
    ("瓯海医药", "Ouhai Medicines"), ("南湖血液制品", "Nanhu Blood Products"),
    ("秀洲医药仓储", "Xiuzhou Medical Storage"), ("上虞制药", "Shangyu Pharmaceuticals"),
    ("婺城中药注射剂", "Wucheng TCM Injections"), ("椒江疾控冷库", "Jiaojiang CDC Cold Store"),
    ("吴兴医药", "Wuxing Medicines"), ("柯城药品配送", "Kecheng Drug Distribution"),
    ("定海海岛药房", "Dinghai Island Pharmacies"), ("莲都生物医药", "Liandu Biomedical"),
)  # fmt: skip
EMPTY: Final = 17
"""Number of the enterprise whose store is not in use yet: nothing is judged there."""


def code(number: int) -> str:
    """统一社会信用代码 of the enterprise of that number: a valid one, of nobody."""
    front = f"913301{number:02}MA2{number:02}Y0{number:02}"[:17]
    return front + uscc.calc_check_digit(front)


def registry() -> str:
    """The province as a registry file."""
    since = "2020-01-01T00:00:00+08:00"
    enterprises = {}
    for number, ((region, longitude, latitude), (zh, en)) in enumerate(
        zip(PLACES, NAMES, strict=True)
    ):
        clinic = number in (4, 6)
        device = "refrigerator-1" if clinic else "coldroom-1"
        devices = {
            device: _device(
                ("疫苗冰箱", "Vaccine refrigerator")
                if clinic
                else ("一号冷库", "Cold room 1"),
                ["who-refrigerator-freeze", "who-refrigerator-heat"]
                if clinic
                else ["gsp-cold-room", "device-silent"],
                since,
                due="2026-10-01" if number == 10 else "2027-03-31",
                in_use="empty" if number == EMPTY else "commissioned",
            )
        }
        if not clinic and number != EMPTY:
            devices["coldroom-2"] = _device(
                ("二号冷库", "Cold room 2"), ["gsp-cold-room", "device-silent"], since
            )
        sites = {
            "site-1": {
                "name": {"zh": f"{zh}一号库", "en": f"{en}, store 1"},
                "kind": "clinic" if clinic else "warehouse",
                "region": region,
                "telephone": f"0571-8800{number:04}",
                "area_m2": 90 if clinic else 150 + 90 * number,
                "height_m": 3.5,
                "position": {"longitude": longitude, "latitude": latitude},
                "devices": devices,
            }
        }
        if number == 3:
            sites["lorry-1"] = {
                "name": {"zh": "浙A·冷001", "en": "Lorry 001"},
                "kind": "vehicle", "region": region, "telephone": "0571-88001234",
                "devices": {"lorry-1": _device(("一号冷藏车", "Lorry 1"), ["gsp-cold-room"], since, stage="transport")},
            }  # fmt: skip
        enterprises[code(number)] = {
            "name": {"zh": f"{zh}有限公司（虚构）", "en": f"{en} Co. (fictitious)"},
            "kind": "clinic" if clinic else "wholesaler",
            "high_risk": ["vaccine"] if clinic or number == 13 else [],
            "sites": sites,
        }
    return yaml.safe_dump({"enterprises": enterprises}, allow_unicode=True)


def _device(
    names: tuple[str, str],
    rules: list[str],
    since: str,
    due: str = "2027-03-31",
    stage: str = "storage",
    in_use: str = "commissioned",
) -> dict[str, object]:
    own = {"zh": f"{names[0]}温度", "en": f"{names[1]} temperature"}
    points: dict[str, dict[str, object]] = {
        "t1": {"quantity": "temperature", "resolution": 0.1, "name": own, "timeline": [{"from": since, "rules": rules}]},
        "h1": {"quantity": "humidity", "resolution": 1, "name": {"zh": f"{names[0]}湿度", "en": f"{names[1]} humidity"},
               "timeline": [{"from": since, "rules": ["gsp-humidity"]}]},
        "door": {"quantity": "door", "name": {"zh": f"{names[0]}门", "en": f"{names[1]} door"}},
    }  # fmt: skip
    head = {
        "from": since,
        "zone": "cold",
        "interval": "5m",
        "max_gap": "15m",
        "calibration_due": due,
        "in_use": in_use,
    }
    return {
        "name": {"zh": names[0], "en": names[1]},
        "timeline": [head],
        "points": {key: one | {"stage": stage} for key, one in points.items()},
    }
