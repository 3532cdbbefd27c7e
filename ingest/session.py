"""The session at the broker: one small interface over any number of connections (ADR 0005).

MQTT 5, stable client id, persistent session, receive maximum of the cap, and nothing
acknowledged but by `acknowledge`, which the intake loop calls after the commit. Every
connection has a number, so that an acknowledgement can never reach a connection that its
message did not come on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from paho.mqtt.client import MQTTMessage

from domain.broker import Broker
from domain.errors import Unavailable
from ingest.connection import Connection
from ingest.door import Message

ACKS = 16
"""Acknowledgements written in one go."""
MOST = 65_535
"""The largest receive maximum that MQTT has."""


class Session:
    """Our session, connected or not. For one event loop."""

    def __init__(
        self,
        broker: Broker,
        *,
        client_id: str,
        receive_maximum: int,
        deliver: Callable[[Message], None],
        full: Callable[[], bool],
        probe: Callable[[str], None],
    ) -> None:
        """Hand every message to `deliver`; stop reading while `full` says so."""
        self._broker = broker
        self._client_id = client_id
        self._receive_maximum = min(receive_maximum, MOST)
        self._deliver = deliver
        self._full = full
        self._probe = probe
        self._connection: Connection | None = None
        self._number = 0
        """Of the newest connection."""

    @property
    def connected(self) -> bool:
        """Whether messages come: connected and subscribed."""
        return self._connection is not None and self._connection.subscribed

    async def connect(self) -> bool:
        """Open a new connection; True where the broker still had our session.

        Raises Unavailable if the broker does not answer or refuses us.
        """
        self.close()
        self._number += 1
        number = self._number
        self._connection = Connection(
            self._broker,
            self._client_id,
            self._receive_maximum,
            lambda message: self._deliver(as_message(message, number)),
            self._full,
        )
        return await self._connection.open()

    async def subscribe(self, *topic_filters: str) -> None:
        """Subscribe as `Connection.subscribe` does. Raises Unavailable."""
        if self._connection is None:
            raise Unavailable("broker: not connected")
        await self._connection.subscribe(*topic_filters)

    def close(self) -> None:
        """Drop the connection, if there is one; the session stays at the broker."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """PUBACK, in this order, those that came on the connection we still have."""
        identifiers = (
            m.mid for m in messages if m.mid and m.connection == self._number
        )
        while chunk := list(islice(identifiers, ACKS)):
            if self._connection is None:
                return
            self._connection.acknowledge(chunk)
            self._probe("between-pubacks")

    def publish(self, topic: str, payload: bytes) -> None:
        """Send at QoS 1. Lost with the connection: whoever waits for it asks again."""
        if self._connection is not None:
            self._connection.publish(topic, payload)

    def resume(self) -> None:
        """Read on, after `full` has become false."""
        if self._connection is not None:
            self._connection.resume()

    def tend(self) -> None:
        """Keep the connection alive; call about once a real second."""
        if self._connection is not None:
            self._connection.tend()


def as_message(message: MQTTMessage, connection: int) -> Message:
    """paho's message as ours."""  # noqa: D403 (its name)
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
