"""The session at the broker: one small interface over paho-mqtt (ADR 0005).

MQTT 5, stable client id, persistent session, receive maximum of the cap, and nothing
acknowledged but by `acknowledge`, which the intake loop calls after the commit. Every
connection gets a client object and a number of its own, so that an acknowledgement can
never reach a connection that its message did not come on.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from domain.errors import SettingsError, Unavailable
from ingest.door import Message

log = structlog.get_logger()

EXPIRY = 14 * 24 * 3600
"""Seconds that the broker keeps our session, and what waits in it, while we are away."""
KEEPALIVE = 20
HANDSHAKE = 10.0
"""Real seconds that CONNACK and SUBACK may take."""
READS = 200
"""Packets read in one go, before other tasks get their turn."""
ACKS = 16
"""Acknowledgements written in one go."""
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """Where the broker is and who we are there."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, url: str) -> Broker:
        """From `mqtt://[user:password@]host[:port]` or `mqtts://…`. Raises SettingsError."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise SettingsError(f"{url!r} is no mqtt:// or mqtts:// address")
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            tls=parts.scheme == "mqtts",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


def count(probe_point: str) -> None:
    """A probe that does nothing: what the product uses."""


class Session:
    """A connection to the broker that can be opened again and again. For one event loop."""

    def __init__(
        self,
        broker: Broker,
        *,
        client_id: str,
        receive_maximum: int,
        deliver: Callable[[Message], None],
        full: Callable[[], bool],
        probe: Callable[[str], None] = count,
    ) -> None:
        """Hand every message to `deliver`; stop reading while `full` says so."""
        self._broker = broker
        self._client_id = client_id
        self._receive_maximum = min(receive_maximum, 65_535)
        self._deliver = deliver
        self._full = full
        self._probe = probe
        self._client: Client | None = None
        self._socket: socket.socket | None = None
        self._reading = False
        self._connack: asyncio.Future[bool] | None = None
        self._suback: asyncio.Future[None] | None = None
        self._received = 0
        self.connection = 0
        """Number of the newest connection."""
        self.lost = asyncio.Event()
        """Set while we do not receive: not connected, or not subscribed yet."""
        self.lost.set()

    # Opening and closing ----------------------------------------------------------

    async def connect(self) -> bool:
        """Open a new connection; True where the broker still had our session.

        Raises Unavailable if the broker does not answer or refuses us.
        """
        self.close()
        self.connection += 1
        loop = asyncio.get_running_loop()
        client = self._new_client(loop, self.connection)
        self._client = client
        self._connack = loop.create_future()
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = EXPIRY
        properties.ReceiveMaximum = self._receive_maximum
        try:
            async with asyncio.timeout(HANDSHAKE):
                await asyncio.to_thread(
                    client.connect,
                    self._broker.host,
                    self._broker.port,
                    keepalive=KEEPALIVE,
                    clean_start=False,
                    properties=properties,
                )
                present = await self._connack
        except (OSError, TimeoutError, ValueError) as error:
            self.close()
            reason = str(error) or type(error).__name__
            raise Unavailable(f"broker {self._broker.host}:{self._broker.port}: {reason}") from error
        except BaseException:
            self.close()
            raise
        return present

    async def subscribe(self, *topic_filters: str) -> None:
        """Subscribe at QoS 1: no retained messages, not what we publish ourselves.

        Only the first filter must be granted.
        """
        client = self._client
        if client is None:
            raise Unavailable("broker: connection lost")
        self._suback = asyncio.get_running_loop().create_future()
        options = SubscribeOptions(qos=1, noLocal=True, retainHandling=2)
        client.subscribe([(name, options) for name in topic_filters])
        try:
            async with asyncio.timeout(HANDSHAKE):
                await self._suback
        except TimeoutError as error:
            raise Unavailable("broker: no answer to SUBSCRIBE") from error
        self.lost.clear()

    def close(self) -> None:
        """Drop the connection, if there is one; the session stays at the broker."""
        client, self._client = self._client, None
        if client is not None:
            self._unwatch()
            with contextlib.suppress(OSError, ValueError):
                client.disconnect()
                client.loop_write()
        self.lost.set()

    # While connected --------------------------------------------------------------

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """PUBACK, in this order, those that came on the connection we still have."""
        client = self._client
        if client is None:
            return
        pending = 0
        for message in messages:
            if message.mid and message.connection == self.connection:
                client.ack(message.mid, 1)
                pending += 1
                if pending % ACKS == 0:
                    client.loop_write()
                    self._probe("between-pubacks")
        client.loop_write()

    def publish(self, topic: str, payload: bytes) -> None:
        """Send at QoS 1. Lost with the connection: whoever waits for it asks again."""
        if self._client is not None and not self.lost.is_set():
            self._client.publish(topic, payload, qos=1)

    def resume(self) -> None:
        """Read on, after `full` has become false."""
        if self._socket is not None and not self._reading:
            asyncio.get_running_loop().add_reader(self._socket, self._read)
            self._reading = True

    def tend(self) -> None:
        """Keep the connection alive; call about once a real second."""
        if self._client is not None:
            self._client.loop_misc()

    # paho's callbacks -------------------------------------------------------------

    def _new_client(self, loop: asyncio.AbstractEventLoop, connection: int) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set_context(ssl.create_default_context())

        def current() -> bool:
            return self._client is client

        def on_connect(
            _client: Client, _data: Any, flags: Any, code: ReasonCode, _props: Any
        ) -> None:
            if self._connack is None or self._connack.done():
                return
            if code.is_failure:
                self._connack.set_exception(Unavailable(f"broker refuses us: {code}"))
            else:
                self._connack.set_result(bool(flags.session_present))

        def on_subscribe(
            _client: Client, _data: Any, _mid: int, codes: list[ReasonCode], _props: Any
        ) -> None:
            if self._suback is None or self._suback.done():
                return
            if codes[0].is_failure:
                self._suback.set_exception(Unavailable(f"broker refuses us: {codes[0]}"))
            else:
                self._suback.set_result(None)

        def on_message(_client: Client, _data: Any, message: MQTTMessage) -> None:
            self._received += 1
            self._deliver(as_message(message, connection))

        def on_disconnect(*_args: Any) -> None:
            if current():
                self._dropped()

        def on_open(_client: Client, _data: Any, sock: Any) -> None:
            loop.call_soon_threadsafe(lambda: self._watch(sock) if current() else None)

        def on_write(_client: Client, _data: Any, sock: Any) -> None:
            loop.call_soon_threadsafe(
                lambda: loop.add_writer(sock, self._write) if current() and sock.fileno() >= 0 else None
            )

        def on_written(_client: Client, _data: Any, sock: Any) -> None:
            if sock.fileno() >= 0:
                loop.remove_writer(sock)

        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_message = on_message
        client.on_disconnect = on_disconnect
        client.on_socket_open = on_open
        client.on_socket_register_write = on_write
        client.on_socket_unregister_write = on_written
        return client

    def _watch(self, sock: socket.socket) -> None:
        self._socket = sock
        self._reading = False
        self.resume()

    def _unwatch(self) -> None:
        sock, self._socket, self._reading = self._socket, None, False
        if sock is not None and sock.fileno() >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(sock)
            loop.remove_writer(sock)

    def _read(self) -> None:
        """Read what has come, until nothing more comes, or enough, or the inbox is full."""
        for _ in range(READS):
            if self._full() and not self.lost.is_set():
                if self._socket is not None:
                    asyncio.get_running_loop().remove_reader(self._socket)
                    self._reading = False
                return
            before = self._received
            if self._client is None:
                return
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._dropped()
                return
            if self._received == before:
                return

    def _write(self) -> None:
        if self._client is not None:
            self._client.loop_write()

    def _dropped(self) -> None:
        """The connection is gone: whoever waits for an answer is told."""
        for waiting in (self._connack, self._suback):
            if waiting is not None and not waiting.done():
                waiting.set_exception(Unavailable("broker: connection lost"))
        self.close()


def as_message(message: MQTTMessage, connection: int) -> Message:
    """paho's message as ours."""
    try:
        topic = message.topic
    except UnicodeDecodeError:
        topic = "?"
    pairs = getattr(message.properties, "UserProperty", None) or []
    return Message(
        topic=topic,
        payload=bytes(message.payload),
        properties=dict(pairs),
        mid=message.mid if message.qos else 0,
        connection=connection,
    )
