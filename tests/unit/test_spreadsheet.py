"""Cells that a spreadsheet would run."""

import pytest

from dashboard.api.spreadsheet import defused


@pytest.mark.parametrize("first", "=+-@\t\r\n＝＋－＠")
def test_what_looks_like_a_formula_is_none(first: str) -> None:
    """Also in full width, which Chinese and Japanese spreadsheets take for the same."""
    assert defused(first + "1+1") == f"'{first}1+1"


def test_other_text_stays_as_it_is() -> None:
    assert defused("1号冷库 = 好") == "1号冷库 = 好"
