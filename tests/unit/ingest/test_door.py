"""The door: what the registry and the time of arrival let in."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.readings import Provenance, Quality, Reading
from ingest.door import Offer, admit
from ingest.refusals import Reason
from tests.unit.ingest.builders import (
    CODE,
    H1,
    LOCAL,
    NOW,
    REGISTRY,
    T1,
    TOPIC,
    YEAR,
    admitted,
    decoded,
    message,
    snapshot,
)
from tests.unit.ingest.test_native import PAYLOADS

MINUTE = timedelta(minutes=1)


def reasons(offer: Offer) -> list[Reason]:
    return [refusal.reason for refusal in offer.refusals]


def test_what_the_registry_knows_becomes_readings() -> None:
    offer = admitted({**snapshot(t1=5.31, h1=None), "quality": {"t1": "uncertain"}})
    assert offer.readings == (
        Reading(T1, NOW, 5.31, Quality.UNCERTAIN),
        Reading(H1, NOW, None),
    )
    assert offer.device is REGISTRY.devices[CODE, "logger-1"]
    assert (offer.refusals, offer.unreadable) == ((), None)


def test_unknown_point_does_not_take_its_neighbours_along() -> None:
    offer = admitted({"snapshots": [snapshot(t1=5, t9=1), snapshot(h1=50)]})
    assert [reading.point for reading in offer.readings] == [T1, H1]
    (refusal,) = offer.refusals
    assert refusal.reason is Reason.UNKNOWN_POINT
    assert (refusal.field, refusal.point) == ("snapshots[0].values.t9", "t9")
    assert refusal.time == NOW


def test_the_sender_is_who_the_topic_says() -> None:
    offer = admitted(
        {**snapshot(t1=5), "device": "logger-1"}, TOPIC.replace("logger-1", "logger-2")
    )
    assert [reading.point for reading in offer.readings] == [LOCAL]


def test_local_time_of_a_device_with_a_zone() -> None:
    topic = TOPIC.replace("logger-1", "logger-2")
    offer = admitted(snapshot("2026-11-22T18:00:00", t1=5), topic)
    assert [reading.time for reading in offer.readings] == [NOW]
    assert reasons(admitted(snapshot("2026-11-22T18:00:00", t1=5))) == [Reason.BAD_TIME]


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("blackbox/v1/33", Reason.UNKNOWN_TOPIC),
        ("\ud800", Reason.UNKNOWN_TOPIC),
        (TOPIC.replace("readings", "records"), Reason.UNSUPPORTED_KIND),
        (TOPIC.replace("logger-1", "logger-9"), Reason.UNKNOWN_DEVICE),
        (TOPIC.replace(CODE, "91330106MA27XY001X"), Reason.UNKNOWN_DEVICE),
        (TOPIC.replace("33/01/06", "33/01/08"), Reason.WRONG_REGION),
    ],
)
def test_who_may_not_send_here_is_refused_as_a_whole(
    topic: str, reason: Reason
) -> None:
    offer = admitted({**snapshot(t1=5), "boot": "b", "seq": 7}, topic)
    assert offer.unreadable is not None
    assert offer.unreadable.reason is reason
    assert (offer.readings, offer.refusals) == ((), ())
    assert (offer.boot, offer.seq) == ("b", 7)


def test_what_is_refused_for_its_sender_is_not_refused_for_its_content() -> None:
    offer = admitted(b"{", "nowhere")
    assert offer.unreadable is not None
    assert offer.unreadable.reason is Reason.UNKNOWN_TOPIC


# Times


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(seconds=60), []),
        (timedelta(seconds=60, microseconds=1), [Reason.IN_FUTURE]),
        (timedelta(days=700_000), [Reason.IN_FUTURE]),
        (-YEAR, []),
        (-YEAR - timedelta(microseconds=1), [Reason.TOO_OLD]),
        (-timedelta(days=700_000), [Reason.TOO_OLD]),
    ],
)
def test_times_are_accepted_from_the_horizon_to_a_minute_ahead(
    ahead: timedelta, expected: list[Reason]
) -> None:
    offer = admitted([snapshot(NOW + ahead, t1=5), snapshot(NOW, h1=50)])
    assert reasons(offer) == expected
    assert [reading.point for reading in offer.readings][-1] == H1
    assert len(offer.readings) == 2 - len(expected)


@pytest.mark.parametrize(
    ("point", "age", "provenance"),
    [
        ("t1", -MINUTE, Provenance.LIVE),
        ("t1", 5 * MINUTE, Provenance.LIVE),
        ("t1", 5 * MINUTE + timedelta(microseconds=1), Provenance.LATE),
        ("slow", 20 * MINUTE, Provenance.LIVE),
        ("slow", 20 * MINUTE + timedelta(microseconds=1), Provenance.LATE),
    ],
)
def test_late_is_later_than_two_intervals_and_five_minutes(
    point: str, age: timedelta, provenance: Provenance
) -> None:
    (reading,) = admitted(snapshot(NOW - age, **{point: 5})).readings
    assert reading.provenance is provenance


def test_before_a_point_was_registered_five_minutes_count() -> None:
    then = datetime.fromisoformat("1999-12-31T23:50Z")
    times = {1: Provenance.LIVE, 6: Provenance.LATE}
    for minutes, expected in times.items():
        (reading,) = admitted(
            snapshot(then, slow=5), arrived=then + minutes * MINUTE
        ).readings
        assert reading.provenance is expected


def test_readmitted_readings_say_so_and_are_judged_by_their_first_arrival() -> None:
    content = message([snapshot(t1=5), snapshot(NOW - 2 * YEAR, h1=5)])
    offer = admit(content, REGISTRY, NOW, YEAR, Provenance.READMITTED)
    assert [reading.provenance for reading in offer.readings] == [Provenance.READMITTED]
    assert reasons(offer) == [Reason.TOO_OLD]


# Halving


def test_halves_offer_the_same_together() -> None:
    offer = admitted([snapshot(t1=1, h1=2, slow=3, t9=4)])
    first, second = offer.halves()
    assert first.readings + second.readings == offer.readings
    assert first.refusals + second.refusals == offer.refusals
    assert (first.first, second.first) == (True, False)


def test_the_culprit_becomes_a_refusal() -> None:
    offer = admitted(snapshot(t1=1, t9=4))
    culprit = offer.refused("too cold")
    assert culprit.readings == ()
    assert reasons(culprit) == [Reason.UNKNOWN_POINT, Reason.REFUSED_BY_DATABASE]
    refusal = culprit.refusals[-1]
    assert (refusal.point, refusal.time, refusal.detail) == ("t1", NOW, "too cold")


# Whatever comes


@settings(deadline=None)
@given(PAYLOADS, st.sampled_from([TOPIC, TOPIC.replace("logger-1", "logger-2"), "x"]))
def test_every_offered_reading_is_taken_or_refused(content: bytes, topic: str) -> None:
    offer = admitted(content, topic)
    if offer.unreadable is not None:
        assert (offer.readings, offer.refusals) == ((), ())
    elif "logger-1" in topic:
        read = decoded(content)
        offered = len(read.values) + len(read.refusals)
        assert len(offer.readings) + len(offer.refusals) == offered
    for reading in offer.readings:
        assert NOW - YEAR <= reading.time <= NOW + MINUTE
        assert REGISTRY.device_of[reading.point] is offer.device
