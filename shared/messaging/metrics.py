"""What a worker counts, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

PUBLISHED = Counter("estuary_events_published_total", "Events that RabbitMQ confirmed.")
REFUSED = Counter("estuary_events_refused_total", "Events that RabbitMQ refused or could not route; they stay pending.")
PENDING = Gauge("estuary_outbox_pending", "Events recorded and not yet confirmed (counted up to 10,000).")
OLDEST_PENDING = Gauge("estuary_outbox_oldest_seconds", "Age of the oldest event that is not yet confirmed.")
LEADING = Gauge("estuary_relay_leading", "1 while this process publishes the service's events.")
RELAY_BEAT = Gauge("estuary_relay_beat_timestamp", "When the relay last looked at the outbox, in unix seconds.")

CONSUMED = Counter("estuary_events_consumed_total", "Events applied.", ["type"])
REPEATED = Counter("estuary_events_repeated_total", "Deliveries of events that had been applied before.")
RETRIED = Counter("estuary_events_retried_total", "Events put back to be tried again later.", ["type"])
QUARANTINED = Counter("estuary_events_quarantined_total", "Events whose reader died, put aside.", ["type"])
DEAD = Counter("estuary_events_dead_total", "Events that ended in the dead queue.", ["type"])
QUEUED = Gauge("estuary_queue_messages", "Messages that lie ready in a queue of the service.", ["queue"])
LAG = Histogram(
    "estuary_event_lag_seconds",
    "From the change at its source to its effect here.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)
CONSUMER_BEAT = Gauge("estuary_consumer_beat_timestamp", "When the consumer last turned its loop, in unix seconds.")
BROKER_UP = Gauge("estuary_broker_up", "1 while the link to RabbitMQ stands.", ["part"])

REPLICA_READY = Gauge("estuary_replica_ready", "1 when all states of an event type were told completely.", ["type"])
REPLICA_DRIFT = Counter(
    "estuary_replica_drift_total",
    "States that a replica, though told completely, had missed or held too old.",
    ["type"],
)
SNAPSHOT_SENT = Counter("estuary_snapshot_events_total", "States told again to a reader.", ["type"])

JOB_SECONDS = Histogram("estuary_job_seconds", "Run time of clock jobs.", ["job"], buckets=(0.01, 0.1, 0.5, 1, 5, 30))
JOB_FAILURES = Counter("estuary_job_failures_total", "Runs of clock jobs that raised.", ["job"])
