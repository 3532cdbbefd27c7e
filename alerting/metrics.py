"""What the dispatcher counts, for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS: Final = Counter(
    "blackbox_delivery_attempts_total",
    "Attempts to deliver a notification.",
    ["channel", "outcome"],
)
SECONDS: Final = Histogram(
    "blackbox_delivery_attempt_duration_seconds",
    "Real time that an attempt took.",
    ["channel"],
)
OWED: Final = Gauge(
    "blackbox_deliveries_owed",
    "Notifications neither delivered nor given up.",
    ["channel"],
)
DUE: Final = Gauge(
    "blackbox_deliveries_due",
    "Notifications to be tried now and not taken up yet.",
    ["channel"],
)
RECONNECTIONS: Final = Counter(
    "blackbox_dispatcher_reconnections_total",
    "Times that the dispatcher lost the database and tried again.",
)
