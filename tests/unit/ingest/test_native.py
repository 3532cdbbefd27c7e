"""The native codec: what is read, what is refused, and that nothing takes others along."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.readings import LARGEST, Quality
from ingest.codecs.native import Decoded, decode
from ingest.refusals import REMEDIES, Reason, Refusal, clean
from tests.unit.ingest.builders import NOW, decoded, payload, snapshot

TIME = '"time": "2026-11-22T10:00:00Z"'
SHANGHAI = ZoneInfo("Asia/Shanghai")


def numbers(result: Decoded) -> dict[str, float | None]:
    return {value.key: value.value for value in result.values}


def reasons(result: Decoded) -> list[tuple[Reason, str | None]]:
    return [(refusal.reason, refusal.field) for refusal in result.refusals]


def unreadable(document: object) -> Refusal:
    result = decoded(document)
    assert result.unreadable is not None
    assert result.values == result.refusals == []
    return result.unreadable


def time_of(text: object, zone: ZoneInfo | None = None) -> datetime | str:
    """The time that `text` says, or why it is refused."""
    document = payload({"time": text, "values": {"t1": 5}})
    result = decode(document, {}, zone)
    if result.values:
        return result.values[0].time
    (refusal,) = result.refusals
    assert (refusal.reason, refusal.field) == (Reason.BAD_TIME, "time")
    assert refusal.point == "t1"
    return refusal.detail


# Shapes


def test_one_snapshot() -> None:
    result = decoded({**snapshot(t1=5.31, h1=56), "quality": {"h1": "uncertain"}})
    assert [(v.key, v.time, v.value, v.quality) for v in result.values] == [
        ("t1", NOW, 5.31, Quality.GOOD),
        ("h1", NOW, 56.0, Quality.UNCERTAIN),
    ]
    assert result.refusals == []
    assert [value.field for value in result.values] == ["values.t1", "values.h1"]


def test_snapshots_in_one_message() -> None:
    result = decoded({"snapshots": [snapshot(t1=1), snapshot(t1=2)]})
    assert [(v.value, v.field) for v in result.values] == [
        (1, "snapshots[0].values.t1"),
        (2, "snapshots[1].values.t1"),
    ]


def test_bare_array_of_snapshots() -> None:
    result = decoded([snapshot(t1=1), snapshot(t1=2)])
    assert [value.field for value in result.values] == [
        "[0].values.t1",
        "[1].values.t1",
    ]


def test_values_beside_snapshots_are_offered_too() -> None:
    result = decoded({**snapshot(h1=3), "snapshots": [snapshot(t1=1)]})
    assert numbers(result) == {"h1": 3, "t1": 1}


def test_empty_array_offers_nothing() -> None:
    for document in ([], {"snapshots": []}):
        assert decoded(document) == Decoded()


def test_ten_thousand_snapshots_in_one_message() -> None:
    result = decoded(
        [snapshot(NOW + timedelta(seconds=n), t1=n) for n in range(10_000)]
    )
    assert [value.value for value in result.values] == list(range(10_000))


@pytest.mark.parametrize(
    "document",
    [
        None,
        True,
        5,
        "text",
        {},
        {"time": "2026-11-22T10:00:00Z"},
        {"values": None},
        {"values": {}},
        {"values": [5]},
        {"values": 5},
    ],
)
def test_snapshot_of_a_wrong_shape_is_one_refused_reading(document: object) -> None:
    assert reasons(decoded(document)) == [(Reason.WRONG_SHAPE, None)]


def test_wrong_snapshots_do_not_take_others_along() -> None:
    document = [snapshot(t1=1), None, [snapshot(t1=9)], {}, snapshot(t1=2)]
    result = decoded(document)
    assert [value.value for value in result.values] == [1, 2]
    assert reasons(result) == [
        (Reason.WRONG_SHAPE, "[1]"),
        (Reason.WRONG_SHAPE, "[2]"),
        (Reason.WRONG_SHAPE, "[3]"),
    ]


def test_snapshots_that_are_none_are_one_refused_reading() -> None:
    for wrong in (None, 5, {}, "x"):
        document = {"snapshots": wrong}
        assert reasons(decoded(document)) == [(Reason.WRONG_SHAPE, "snapshots")]


# Payloads that cannot be read at all


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"{",
        b"{'time': 1}",
        b"[1,]",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"\0",
        b"nan",
        json.dumps(snapshot(t1=5)).encode("utf-16"),
        json.dumps(snapshot(t1=5)).encode("utf-16-le"),
        '{"values": {"温度": 5}}'.encode("gb18030"),
        b'{"values": {"a\0": 5}}',
        b"[" * 100_000,
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
def test_what_is_no_json_in_utf8_is_unreadable(text: bytes) -> None:
    refusal = unreadable(text)
    assert refusal.reason is Reason.UNREADABLE
    assert refusal.detail
    assert refusal.field is refusal.point is refusal.time is None


# Keys that stand twice: no parser may lose a value unseen


def test_a_key_twice_at_the_top_is_unreadable() -> None:
    twice = f'{{{TIME}, "values": {{"t1": 5}}, "values": {{"t1": 6}}}}'
    assert unreadable(twice.encode()).detail == "a key stands twice"


def test_a_value_given_twice_is_offered_twice() -> None:
    result = decoded(f'{{{TIME}, "values": {{"t1": 5, "h1": 50, "t1": 6}}}}'.encode())
    assert [(v.key, v.value) for v in result.values] == [
        ("t1", 5),
        ("h1", 50),
        ("t1", 6),
    ]


def test_a_key_twice_in_a_snapshot_of_many_refuses_that_snapshot_only() -> None:
    wrong = f'{{{TIME}, "time": 0, "values": {{"t1": 6}}}}'
    result = decoded(f"[{json.dumps(snapshot(t1=5))}, {wrong}]".encode())
    assert numbers(result) == {"t1": 5}
    assert reasons(result) == [(Reason.WRONG_SHAPE, "[1]")]


def test_a_quality_given_twice_is_not_known() -> None:
    quality = '"quality": {"t1": "good", "t1": "bad"}'
    result = decoded(f'{{{TIME}, {quality}, "values": {{"t1": 5}}}}'.encode())
    assert reasons(result) == [(Reason.BAD_QUALITY, "quality.t1")]


def test_a_key_twice_among_very_many_is_found_at_once() -> None:
    pairs = ", ".join(f'"k{n}": 1' for n in [*range(50_000), 49_999])
    result = decoded(f'{{{TIME}, "values": {{{pairs}}}}}'.encode())
    assert len(result.values) == 50_001


# Numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5.31", 5.31),
        ("-0.5", -0.5),
        ("0", 0.0),
        ("1e3", 1000.0),
        ("null", None),
        ("999999999999", 999999999999.0),
        ("1e-400", 0.0),
    ],
)
def test_finite_numbers_and_null_are_values(text: str, number: float | None) -> None:
    result = decoded(f'{{{TIME}, "values": {{"t1": {text}}}}}'.encode())
    assert numbers(result) == {"t1": number}
    assert type(numbers(result)["t1"]) is type(number)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "true",
        "false",
        '"5.31"',
        '""',
        "[5]",
        "{}",
        f"{LARGEST:.0f}",
        f"-{LARGEST:.0f}",
        "9" * 19,
        "9" * 20,
        "9" * 400,
        "9" * 10_000,
        "[" * 900 + "]" * 900,
    ],
)
def test_what_is_no_finite_number_is_refused_alone(text: str) -> None:
    result = decoded(f'{{{TIME}, "values": {{"t1": {text}, "h1": 50}}}}'.encode())
    assert numbers(result) == {"h1": 50}
    (refusal,) = result.refusals
    assert (refusal.reason, refusal.field) == (Reason.NOT_A_NUMBER, "values.t1")
    assert (refusal.point, refusal.time) == ("t1", NOW)
    assert len(refusal.detail) < 100


# Quality


@pytest.mark.parametrize("name", [None, "Good", "", 0, 192, True, [], {}])
def test_unknown_quality_is_refused_alone(name: object) -> None:
    result = decoded({**snapshot(t1=5, h1=50), "quality": {"t1": name}})
    assert numbers(result) == {"h1": 50}
    assert reasons(result) == [(Reason.BAD_QUALITY, "quality.t1")]


@pytest.mark.parametrize("quality", ["bad", 0, False, [], ["good"]])
def test_quality_that_names_no_points_is_known_of_none(quality: object) -> None:
    result = decoded({**snapshot(t1=5, h1=50), "quality": quality})
    assert reasons(result) == [
        (Reason.BAD_QUALITY, "quality.t1"),
        (Reason.BAD_QUALITY, "quality.h1"),
    ]


def test_no_quality_is_good_and_quality_of_other_points_is_nothing() -> None:
    for quality in (None, {}, {"x": "bad"}):
        result = decoded({**snapshot(t1=5), "quality": quality})
        assert [value.quality for value in result.values] == [Quality.GOOD]


# Time


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00.000Z",
        "2026-11-22t10:00:00z",
        "2026-11-22 10:00:00+00:00",
        "2026-11-22T18:00:00+08:00",
        "2026-11-22T00:30:00-09:30",
        "2026-11-22T10:00Z",
        1795341600000,
        1795341600000.0,
    ],
)
def test_times_with_any_offset_and_epoch_milliseconds(text: object) -> None:
    assert time_of(text) == NOW


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2026-11-22T10:00:00.5Z", 500_000),
        ("2026-11-22T10:00:00.123456Z", 123_456),
        ("2026-11-22T10:00:00.123456789Z", 123_456),
        ("2026-11-22T10:00:00.1234567+00:00", 123_456),
        (1795341600123, 123_000),
        (1795341600000.5, 500),
    ],
)
def test_fractions_of_a_second_count_to_the_microsecond(
    text: object, microseconds: int
) -> None:
    assert time_of(text) == NOW + timedelta(microseconds=microseconds)


def test_local_time_is_read_in_the_zone_that_the_registry_declares() -> None:
    assert time_of("2026-11-22T18:00:00", SHANGHAI) == NOW
    assert time_of("2026-11-22T10:00:00Z", SHANGHAI) == NOW
    assert "no registered zone" in str(time_of("2026-11-22T18:00:00"))


@pytest.mark.parametrize(
    "text",
    [
        None,
        True,
        [],
        {},
        "",
        "now",
        "2026-11-22",
        "20261122",
        "2026-W47-7",
        "18:00:00",
        "2026-11-31T10:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T10:00:00+99:00",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "\ud800",
        "x" * 10_000,
        10**18,
        -(10**18),
        10**400,
        float("nan"),
        float("inf"),
    ],
)
def test_what_is_no_time_is_refused(text: object) -> None:
    for zone in (None, SHANGHAI):
        detail = time_of(text, zone)
        assert isinstance(detail, str)
        assert len(detail) < 130


def test_a_wrong_time_refuses_every_value_of_its_snapshot_and_no_other() -> None:
    result = decoded([snapshot("never", t1=1, h1=2), snapshot(t1=3)])
    assert numbers(result) == {"t1": 3}
    assert [(r.reason, r.point) for r in result.refusals] == [
        (Reason.BAD_TIME, "t1"),
        (Reason.BAD_TIME, "h1"),
    ]
    assert {refusal.field for refusal in result.refusals} == {"[0].time"}


# Boot and seq


def identity(document: object, **properties: str) -> tuple[str | None, int | None]:
    result = decoded(document, **properties)
    return result.boot, result.seq


def test_message_is_named_by_its_payload_or_by_its_user_properties() -> None:
    document = snapshot(t1=5)
    assert identity({**document, "boot": "b", "seq": 7}) == ("b", 7)
    assert identity(document, boot="b", seq="7") == ("b", 7)
    assert identity({**document, "seq": 8}, boot="b", seq="7") == ("b", 8)
    assert identity([document], boot="b", seq="7") == ("b", 7)


def test_unreadable_message_is_named_by_its_user_properties() -> None:
    assert identity(b"{", boot="b", seq="7") == ("b", 7)
    assert identity(b'{"seq": 1, "seq": 2}', boot="b", seq="7") == ("b", 7)


@pytest.mark.parametrize(
    "seq", [None, True, -1, 1.0, 2**63, 10**30, "", "-1", "1.0", "٧", "9" * 20, [1]]
)
def test_unusable_seq_names_nothing(seq: object) -> None:
    assert identity({**snapshot(t1=5), "boot": "b", "seq": seq}) == (None, None)


@pytest.mark.parametrize("boot", [None, 5, "x" * 65, "a\0b", "\ud800", []])
def test_unusable_boot_names_nothing(boot: object) -> None:
    assert identity({**snapshot(t1=5), "boot": boot, "seq": 7}) == (None, None)


# Whatever comes


KEYS = st.sampled_from(
    [
        "t1",
        "h1",
        "time",
        "values",
        "quality",
        "snapshots",
        "boot",
        "seq",
        "a\0",
        "\ud800",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([NOW.isoformat(), "good", "bad", 10**40, "\ud800"])
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5)
    ),
    max_leaves=20,
)
SNAPSHOTS = st.fixed_dictionaries(
    {"time": SCALARS, "values": st.dictionaries(KEYS, SCALARS, max_size=4) | DOCUMENTS},
    optional={"quality": DOCUMENTS, "boot": SCALARS, "seq": SCALARS},
)
PAYLOADS = (
    st.binary()
    | st.text().map(str.encode)
    | DOCUMENTS.map(payload)
    | SNAPSHOTS.map(payload)
    | st.lists(SNAPSHOTS, max_size=4).map(payload)
    | st.lists(SNAPSHOTS, max_size=4).map(lambda some: payload({"snapshots": some}))
)


def storable(text: str | None) -> bool:
    return text is None or "\0" not in text.encode().decode()


@settings(deadline=None)
@given(PAYLOADS, st.sampled_from([None, SHANGHAI]))
def test_whatever_comes_is_read_or_refused(
    content: bytes, zone: ZoneInfo | None
) -> None:
    result = decode(content, {}, zone)
    assert result.unreadable is None or result.values == result.refusals == []
    for refusal in [*result.refusals, *filter(None, [result.unreadable])]:
        assert refusal.reason in REMEDIES
        for text in (refusal.detail, refusal.field or "", refusal.point or ""):
            assert storable(clean(text))
    assert storable(result.boot)


@given(st.lists(SNAPSHOTS, max_size=4))
def test_every_value_is_taken_or_refused(some: list[dict[str, object]]) -> None:
    offered = 0
    for one in some:
        values = one["values"]
        offered += len(values) if isinstance(values, dict) and values else 1
    result = decoded(some)
    if result.unreadable is None:
        assert len(result.values) + len(result.refusals) == offered


def test_every_reason_has_a_remedy_in_both_languages() -> None:
    assert set(REMEDIES) == set(Reason)
    assert all(zh and en for zh, en in REMEDIES.values())


@given(st.text(st.characters(codec=None), max_size=300), st.integers(1, 250))
def test_cleaned_text_can_be_stored(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert storable(cleaned)
    assert len(cleaned) <= limit + 1
    if storable_as_is(text) and len(text) <= limit:
        assert cleaned == text


def storable_as_is(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
