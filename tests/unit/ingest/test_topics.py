from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.topics import Topic, parse, subscription
from tests.unit.ingest.builders import CODE, TOPIC


def test_topic_says_region_sender_and_kind() -> None:
    assert parse(TOPIC) == Topic("330106", CODE, "logger-1", "readings")


def test_sibling_differs_in_the_kind_only() -> None:
    topic = parse(TOPIC)
    assert topic is not None
    assert topic.sibling("readings") == TOPIC
    assert topic.sibling("receipts") == TOPIC.replace("readings", "receipts")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "blackbox/v1",
        TOPIC + "/more",
        "/" + TOPIC,
        TOPIC + "\n",
        TOPIC.replace("v1", "v2"),
        TOPIC.replace("/06/", "/6/"),
        TOPIC.replace("/06/", "/٠٦/"),
        TOPIC.replace(CODE, CODE.lower()),
        TOPIC.replace(CODE, CODE[:17]),
        TOPIC.replace("logger-1", "Logger-1"),
        TOPIC.replace("logger-1", "-logger"),
        TOPIC.replace("logger-1", ""),
        TOPIC.replace("logger-1", "x" * 65),
        TOPIC.replace("readings", ""),
        TOPIC.replace("readings", "READINGS"),
    ],
)
def test_other_topics_say_nothing(topic: str) -> None:
    assert parse(topic) is None


@given(st.text())
def test_any_text_may_be_a_topic(text: str) -> None:
    assert parse(text) is None


def test_a_share_is_taken_by_one_filter() -> None:
    assert subscription("33") == "blackbox/v1/33/#"
    assert subscription("33/01/06") == "blackbox/v1/33/01/06/#"
