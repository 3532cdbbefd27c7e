"""Passwords: argon2id by argon2-cffi, with the parameters that it recommends (RFC 9106)."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import Final, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import InputError

SHORTEST: Final = 10
LONGEST: Final = 1000
"""Characters."""
AT_ONCE: Final = 2
"""Hashes at a time: each takes 64 MiB and a core for a twentieth of a second."""
NOBODYS: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$CCo1fRklbc6XEtQrloty/w$qjacVvRISxY979qZL2+Ut60m5lVpk3vs53Koj3/cSi4"
)
"""Of a name that is unknown, which shall cost as much as one that is known."""


class Verdict(NamedTuple):
    """What came of a comparison."""

    right: bool
    rehashed: str | None = None
    """The same password by today's parameters, where what was stored has others."""


class Passwords:
    """Makes and compares hashes, in threads, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """`hasher`: of other parameters, for tests."""
        self.hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def hashed(self, password: str) -> str:
        """What is stored of `password`."""
        async with self._turns:
            return await asyncio.to_thread(self.hasher.hash, normal(password))

    async def compare(self, stored: str | None, password: str) -> Verdict:
        """Whether `password` is what `stored` was made of; None is nobody's, and costs the same."""
        text = normal(password)
        async with self._turns:
            right = await asyncio.to_thread(self._verify, stored or NOBODYS, text)
        if not right or stored is None or len(password) > LONGEST:
            return Verdict(right=False)
        if not self.hasher.check_needs_rehash(stored):
            return Verdict(right=True)
        return Verdict(right=True, rehashed=await self.hashed(password))

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self.hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def checked(password: str, name: str) -> str:
    """`password`, if the person called `name` can have it. Raises InputError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(
            zh=f"密码须为 {SHORTEST}–{LONGEST} 个字符。",
            en=f"A password has {SHORTEST} to {LONGEST} characters.",
        )
    if normal(password).casefold() == name.casefold():
        raise InputError(
            zh="密码不得与用户名相同。",
            en="The password must not be the name.",
        )
    return password


def normal(password: str) -> str:
    """One spelling, whatever keyboard it came from; what no encoding knows is replaced."""
    text = unicodedata.normalize("NFKC", password[:LONGEST])
    return text.encode(errors="replace").decode()
