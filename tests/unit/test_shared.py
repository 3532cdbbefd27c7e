"""One answer for all who ask the same at about the same time."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.shared import LONGEST, Shared


class Asked:
    """Counts how often it was asked; each answer takes so many seconds."""

    def __init__(self, takes: float = 0.0) -> None:
        self.now = 0.0
        self.times = 0
        self.takes = takes
        self.shared = Shared(lambda: self.now)

    async def answer(self) -> int:
        self.times += 1
        await asyncio.sleep(0)
        self.now += self.takes
        return self.times

    async def get(self, key: str = "a") -> int:
        return await self.shared.get(key, self.answer)


async def test_an_answer_is_kept_for_a_second() -> None:
    asked = Asked()
    assert await asyncio.gather(*(asked.get() for _ in range(5))) == [1] * 5
    asked.now = 0.9
    assert await asked.get() == 1
    asked.now = 1.0
    assert await asked.get() == 2


async def test_each_question_has_its_own_answer() -> None:
    asked = Asked()
    assert [await asked.get(key) for key in "aba"] == [1, 2, 1]


@pytest.mark.parametrize(("takes", "kept"), [(0.2, 4.0), (3.0, LONGEST)])
async def test_an_answer_that_took_long_is_kept_for_longer(
    takes: float, kept: float
) -> None:
    asked = Asked(takes)
    assert await asked.get() == 1
    asked.now = kept - 0.1
    assert await asked.get() == 1
    asked.now = kept
    assert await asked.get() == 2


async def test_an_error_is_told_to_all_who_asked_and_does_not_last() -> None:
    asked = Asked()

    async def fail() -> int:
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            await asked.shared.get("a", fail)
    asked.now = 1.0
    assert await asked.get() == 1
