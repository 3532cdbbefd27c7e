"""Addresses of machines."""

from __future__ import annotations

from ipaddress import ip_address, ip_network


def is_loopback(host: str | None) -> bool:
    """Whether what is sent to `host` stays within the machine."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def client_network(host: str) -> str:
    """Whose address `host` is; of IPv6 its network, of which one client has all addresses."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    bits = 64 if address.version == 6 else 32  # noqa: PLR2004
    return str(ip_network((address, bits), strict=False))
