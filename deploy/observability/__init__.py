"""Watching Estuary: what Prometheus scrapes and computes, when it alarms, what Grafana shows."""
