"""One connection to the broker: paho-mqtt driven from the asyncio loop.

A connection is used once. What paho needs of a socket (readable, writable) is asked of the
event loop; there is no thread but for the name look-up and the TCP handshake.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from domain.broker import Broker
from domain.errors import Unavailable

EXPIRY = 14 * 24 * 3600
"""Seconds that the broker keeps our session, and what waits in it, while we are away."""
KEEPALIVE = 20
HANDSHAKE = 10.0
"""Real seconds that CONNACK and SUBACK may take."""
READS = 200
"""Packets read in one go, before other tasks get their turn."""

T = TypeVar("T")


class Connection:
    """One connection, from CONNECT to its loss. For one event loop."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        receive_maximum: int,
        deliver: Callable[[MQTTMessage], None],
        full: Callable[[], bool],
    ) -> None:
        """Hand every message to `deliver`; once subscribed, do not read while `full`."""
        self.subscribed = False
        self._broker = broker
        self._receive_maximum = receive_maximum
        self._deliver = deliver
        self._full = full
        self._loop = asyncio.get_running_loop()
        self._connack: asyncio.Future[bool] = self._loop.create_future()
        self._suback: asyncio.Future[None] = self._loop.create_future()
        self._socket: socket.socket | None = None
        self._reading = False
        self._received = 0
        self._client: Client | None = self._new_client(client_id)

    # Handshakes -------------------------------------------------------------------

    async def open(self) -> bool:
        """Connect; True where the broker still had our session. Raises Unavailable."""
        assert self._client is not None
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = EXPIRY
        properties.ReceiveMaximum = self._receive_maximum
        try:
            async with asyncio.timeout(HANDSHAKE):
                await asyncio.to_thread(
                    self._client.connect,
                    self._broker.host,
                    self._broker.port,
                    keepalive=KEEPALIVE,
                    clean_start=False,
                    properties=properties,
                )
                return await self._connack
        except (OSError, TimeoutError) as error:
            where = f"broker {self._broker.host}:{self._broker.port}"
            raise Unavailable(f"{where}: {error or 'no answer'}") from error

    async def subscribe(self, *topic_filters: str) -> None:
        """Subscribe to the first filter at QoS 1, to the others at QoS 0.

        No retained messages, and not what we publish ourselves. Only the first must be
        granted; what comes by the others needs no acknowledgement. Raises Unavailable.
        """
        if self._client is None:
            raise Unavailable("broker: connection lost")
        self._client.subscribe(
            [
                (
                    name,
                    SubscribeOptions(qos=int(n == 0), noLocal=True, retainHandling=2),
                )
                for n, name in enumerate(topic_filters)
            ]
        )
        try:
            async with asyncio.timeout(HANDSHAKE):
                await self._suback
        except TimeoutError as error:
            raise Unavailable("broker: no answer to SUBSCRIBE") from error
        self.subscribed = True

    def close(self) -> None:
        """Drop the connection; the session stays at the broker."""
        self.subscribed = False
        client, self._client = self._client, None
        if client is None:
            return
        self._unwatch()
        with contextlib.suppress(OSError, ValueError):
            client.disconnect()
            client.loop_write()
        lost = Unavailable("broker: connection lost")
        settle(self._connack, lost)
        settle(self._suback, lost)

    # While connected --------------------------------------------------------------

    def acknowledge(self, identifiers: Iterable[int]) -> None:
        """PUBACK these packets, in this order, and write that at once."""
        if self._client is None:
            return
        for identifier in identifiers:
            self._client.ack(identifier, 1)
        self._write()

    def publish(self, topic: str, payload: bytes) -> None:
        """Send at QoS 1, once; nothing is kept for another connection."""
        if self._client is not None and self.subscribed:
            self._client.publish(topic, payload, qos=1)

    def resume(self) -> None:
        """Read on, after `full` has become false."""
        if self._socket is not None and not self._reading:
            self._loop.add_reader(self._socket, self._read)
            self._reading = True
            self._loop.call_soon(self._read)

    def tend(self) -> None:
        """Send a ping where one is due; call about once a real second."""
        if self._client is not None:
            self._client.loop_misc()

    def _read(self) -> None:
        """Read what has come, until nothing more comes, or enough, or the inbox is full."""
        for _ in range(READS):
            if self._client is None:
                return
            if self.subscribed and self._full():
                self._pause()
                return
            before = self._received
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self.close()
            if self._received == before:
                break
        if getattr(self._socket, "pending", int)():
            # TLS has decrypted more than was read; the socket itself looks idle.
            self._loop.call_soon(self._read)

    def _pause(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._reading = False

    def _write(self) -> None:
        if self._client is not None:
            self._client.loop_write()

    # What paho calls --------------------------------------------------------------

    def _new_client(self, client_id: str) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set_context(ssl.create_default_context())
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = lambda *_: self.close()
        client.on_socket_close = lambda *_: self._unwatch()
        client.on_socket_open = lambda _client, _data, sock: self._soon(
            self._watch, sock
        )
        client.on_socket_register_write = lambda _client, _data, sock: self._soon(
            self._loop.add_writer, sock, self._write
        )
        client.on_socket_unregister_write = lambda _client, _data, sock: self._soon(
            self._loop.remove_writer, sock
        )
        return client

    def _soon(self, call: Callable[..., object], sock: Any, *arguments: object) -> None:
        """Call with the socket from the event loop (paho may be in a thread), if it still lives."""

        def alive() -> None:
            if self._client is not None and sock.fileno() >= 0:
                call(sock, *arguments)

        self._loop.call_soon_threadsafe(alive)

    def _watch(self, sock: socket.socket) -> None:
        self._socket = sock
        # Small packets do not wait for each other: without it a receipt takes 40 ms longer.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.resume()

    def _unwatch(self) -> None:
        """Before the socket is closed: the event loop must not keep its number."""
        sock, self._socket = self._socket, None
        if sock is not None:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    def _on_connect(
        self,
        _client: Client,
        _data: Any,
        flags: Any,
        code: ReasonCode,
        _properties: Any,
    ) -> None:
        settle(self._connack, refusal(code) or bool(flags.session_present))

    def _on_subscribe(
        self,
        _client: Client,
        _data: Any,
        _mid: int,
        codes: list[ReasonCode],
        _properties: Any,
    ) -> None:
        settle(self._suback, refusal(codes[0]))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._received += 1
        self._deliver(message)


def refusal(code: ReasonCode) -> Unavailable | None:
    """What a reason code says against us, if anything."""
    return Unavailable(f"broker refuses us: {code}") if code.is_failure else None


def settle(future: asyncio.Future[T], result: T | Exception) -> None:
    """Settle a future that may be settled already, and that nobody may ever ask."""
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
        future.exception()  # asked for here, so that asyncio does not complain
    else:
        future.set_result(result)
