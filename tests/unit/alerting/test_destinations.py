"""What is inside the machine or its network."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

import pytest

from alerting.channels.destinations import Guard, checked, guarded, is_internal
from domain.errors import SettingsError

ANYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::1", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_what_is_not_public_is_internal(address: str) -> None:
    assert is_internal(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "114.114.114.114",
        "2400:3200::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_what_is_public_is_not(address: str) -> None:
    assert not is_internal(ip_address(address))


def test_only_the_networks_that_are_allowed_are() -> None:
    guard = Guard([ip_network("10.1.0.0/16")])
    guard.check("10.1.2.3")
    guard.check("::ffff:10.1.2.3")
    assert not guard.refused
    for host in ("10.2.0.1", "127.0.0.1", "localhost", "/run/socket", b"\0x"):
        with pytest.raises(PermissionError):
            guard.check(host)
    assert guard.refused


def test_anywhere_is_anywhere() -> None:
    for host in ("127.0.0.1", "::1", "fe80::1", "::ffff:127.0.0.1", "8.8.8.8"):
        Guard(ANYWHERE).check(host)


def test_a_guarded_connection_is_refused_as_it_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with guarded(()) as guard, pytest.raises(PermissionError):
            socket.create_connection(address)
        assert guard.refused
        with guarded([ip_network("127.0.0.0/8")]):
            socket.create_connection(address).close()
        socket.create_connection(address).close()


async def test_a_name_that_leads_inside_is_refused_when_a_process_starts() -> None:
    with pytest.raises(
        SettingsError, match=r"channel mail: .* BLACKBOX_ALLOW_INTERNAL"
    ):
        await checked("mail", "localhost", ())
    with pytest.raises(SettingsError, match="channel mail"):
        await checked("mail", "0x7f.1", ())
    await checked("mail", "localhost", ANYWHERE)
    await checked("mail", "nowhere.invalid", ())


async def test_a_process_that_is_told_to_end_while_a_name_is_looked_up_ends() -> None:
    """Whenever that is: also as the answer comes, on its way through the event loop."""
    loop = asyncio.get_running_loop()
    for turns in range(8):
        loop.set_default_executor(looking_up := ThreadPoolExecutor())
        task = asyncio.create_task(checked("mail", "localhost", ANYWHERE))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        looking_up.shutdown()  # the answer has come
        for _ in range(turns):
            await asyncio.sleep(0)
        if told := not task.done():
            task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() == told
