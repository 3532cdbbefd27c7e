"""Where channels may connect to: nowhere inside the machine or its network, unless allowed.

What is checked is the address of each connection as it is made, by an audit hook of Python
(event `socket.connect`). So it holds for every library in use, after redirects, and for a
name that resolves to something else than a moment ago: what was checked is connected to.
A proxy (`HTTPS_PROXY`) is what is connected to then; behind it nothing is checked.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final, TypeAlias

from alerting.channels import TransportError
from domain.errors import SettingsError
from domain.text import Text

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
NAT64: Final = ip_network("64:ff9b::/96")
"""RFC 6052: IPv4 addresses as a translator of the network takes them."""
PATIENCE: Final = 5.0
"""Real seconds that a name has to resolve when a process starts."""
REFUSED: Final = Text(
    "目的地在本机或内网，未发送；如有意为之，请设置 BLACKBOX_ALLOW_INTERNAL。",
    "The destination is inside the machine or its network and was refused;"
    " if it is meant, set BLACKBOX_ALLOW_INTERNAL.",
)


def is_internal(address: Address) -> bool:
    """Whether `address` is no public one of a single host (IANA special-purpose registries)."""
    address = unwrapped(address)
    return (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )


def unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, NAT64), else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


@dataclass(slots=True)
class Guard:
    """What one exchange may connect to, and whether it tried more."""

    allowed: Collection[Network]
    refused: bool = False

    def check(self, host: object) -> None:
        """Raise PermissionError if an address as sockets have it must not be connected to."""
        if not self._permits(host):
            self.refused = True
            raise PermissionError(" ".join(REFUSED))

    def _permits(self, host: object) -> bool:
        try:
            address = ip_address(str(host))
        except ValueError:  # a socket of this machine
            return False
        inner = unwrapped(address)
        return not is_internal(inner) or any(inner in one for one in self.allowed)

    def explained(self, failure: TransportError) -> TransportError:
        """`failure`, or that the destination was refused: mended settings find it again."""
        if not self.refused:
            return failure
        return TransportError(" ".join(REFUSED), permanent=False)


GUARD: Final[ContextVar[Guard | None]] = ContextVar("guard", default=None)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and (guard := GUARD.get()) is not None:
        address = arguments[1]
        guard.check(address[0] if isinstance(address, tuple) else address)


sys.addaudithook(_audit)


@contextmanager
def guarded(allowed: Collection[Network]) -> Iterator[Guard]:
    """Within, also in threads that are handed the context, connect only where it may be."""
    guard = Guard(allowed)
    token = GUARD.set(guard)
    try:
        yield guard
    finally:
        GUARD.reset(token)


async def checked(channel: str, host: str, allowed: Collection[Network]) -> None:
    """Raise SettingsError if `host` already resolves to what will be refused.

    A name that does not resolve now is let pass: it is checked when it is connected to.
    """
    resolving = asyncio.get_running_loop().getaddrinfo(
        host, None, type=socket.SOCK_STREAM
    )
    try:
        async with asyncio.timeout(PATIENCE):
            found = await resolving
    except (OSError, UnicodeError, TimeoutError):
        return
    guard = Guard(allowed)
    try:
        for *_, address in found:
            guard.check(address[0])
    except PermissionError:
        raise SettingsError(
            zh=f"渠道 {channel}：{REFUSED.zh}",
            en=f"channel {channel}: {REFUSED.en}",
        ) from None
