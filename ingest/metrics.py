"""What the ingestor tells Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
DELAYS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 86400, 7 * 86400)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

MESSAGES = Counter(
    "blackbox_ingest_messages_total", "Messages taken in, by outcome.", ["outcome"]
)
READINGS = Counter(
    "blackbox_ingest_readings_total", "Readings offered, by outcome.", ["outcome"]
)
BATCH = Histogram(
    "blackbox_ingest_batch_messages", "Messages per batch.", buckets=SIZES
)
COMMIT_SECONDS = Histogram(
    "blackbox_ingest_commit_seconds", "From batch to commit.", buckets=SECONDS
)
COPY_SECONDS = Histogram(
    "blackbox_ingest_copy_seconds", "Writing the rows of one intake.", buckets=SECONDS
)
EVALUATION_SECONDS = Histogram(
    "blackbox_ingest_evaluation_seconds", "Judging one intake.", buckets=SECONDS
)
DELAY_SECONDS = Histogram(
    "blackbox_ingest_measured_to_committed_seconds",
    "Oldest reading of each batch: from measurement to commit, in domain time.",
    buckets=DELAYS,
)
WAITING = Gauge("blackbox_ingest_inbox_messages", "Messages that wait for a batch.")
CONNECTED = Gauge(
    "blackbox_ingest_broker_connected", "1 while connected to the broker."
)
FAILURES = Counter(
    "blackbox_ingest_failures_total",
    "Rounds that failed and are tried again.",
    ["what"],
)
BROKER_DROPPED = Gauge(
    "blackbox_broker_publish_dropped_messages",
    "Messages that the broker says it dropped ($SYS); anything but 0 is loss.",
)
TOUCHED = Gauge(
    "blackbox_ingest_touched_waiting",
    "Notes of intakes about five minutes that are over and not rolled up yet.",
)
