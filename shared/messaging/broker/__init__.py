"""The way to RabbitMQ: the only package that knows its client library."""

from shared.messaging.broker.browser import Browser
from shared.messaging.broker.link import LOST, Link
from shared.messaging.broker.wire import Backoff, Delivery, Outgoing

__all__ = ["LOST", "Backoff", "Browser", "Delivery", "Link", "Outgoing"]
