"""How values and times are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.display import Display
from dashboard.texts import LANGUAGES, Texts


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (1e-6, "不到 1 秒", "under 1 s"),
        (0.999, "不到 1 秒", "under 1 s"),
        (1, "1 秒", "1 s"),
        (3600, "1 小时", "1 h"),
        (90_000, "1 天 1 小时", "1 d 1 h"),
    ],
)
def test_what_lasts_is_never_said_to_last_for_nothing(
    seconds: float, zh: str, en: str
) -> None:
    duration = timedelta(seconds=seconds)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    shown = [Display(texts=Texts(one), zone=UTC, now=now) for one in LANGUAGES]
    assert [show.duration(duration) for show in shown] == [zh, en]
