"""At which address a channel reaches somebody."""

from __future__ import annotations

import re
from typing import Final

from domain.errors import InputError

ADDRESS: Final = re.compile(r"[A-Za-z0-9@#+._-]{1,200}")
"""One e-mail address, telephone number or name. No character that any service takes for the
end of one address and the beginning of another, of a name, or of an option."""


def checked_address(address: str) -> str:
    """`address`, if it can be one. Raises InputError."""
    if not ADDRESS.fullmatch(address):
        raise InputError(
            zh="地址不可用：一个地址，1–200 个字母、数字或 @ # + . _ -。",
            en="No such address: one, of 1 to 200 letters, digits, or @ # + . _ -.",
        )
    return address
