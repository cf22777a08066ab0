"""Looking through queues by hand."""

import contextlib
from collections.abc import Iterator
from typing import Any, Self

import pika
import pika.exceptions

from shared.messaging.broker.wire import Delivery, Outgoing, parameters_of
from shared.messaging.errors import BrokerLost, NotConfirmed


class Browser:
    """Looks through a queue and moves single messages: for people's commands, not for steady work."""

    def __init__(self, url: str, *, name: str) -> None:
        self._parameters = parameters_of(url, name)
        self.user = str(self._parameters.credentials.username)
        try:
            self._connection = pika.BlockingConnection(self._parameters)
        except pika.exceptions.AMQPError as problem:
            raise BrokerLost(str(problem) or type(problem).__name__) from problem
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        """Close; whatever was looked at and not removed lies in its queue again."""
        with contextlib.suppress(pika.exceptions.AMQPError):
            self._connection.close()

    def look(self, queue_name: str) -> Iterator[Delivery]:
        """Yield the messages that lie in a queue now, oldest first."""
        left = self._channel.queue_declare(queue_name, passive=True).method.message_count
        while left > 0:
            left -= 1
            method, properties, body = self._channel.basic_get(queue_name)
            if method is None:
                return
            yield Delivery(
                tag=method.delivery_tag,
                body=body,
                message_id=properties.message_id or "",
                type=properties.type or "",
                app_id=properties.app_id or "",
                headers=properties.headers or {},
                exchange=method.exchange,
                key=method.routing_key,
            )

    def publish(self, message: Outgoing) -> None:
        """Send one message and return when the broker has it. Raises NotConfirmed."""
        properties = pika.BasicProperties(
            content_type="application/json",
            delivery_mode=2,
            message_id=message.message_id,
            type=message.type,
            app_id=message.app_id,
            correlation_id=message.correlation_id,
            user_id=self.user,
            headers=dict(message.headers) or None,
        )
        try:
            self._channel.basic_publish(message.exchange, message.key, message.body, properties, mandatory=True)
        except (pika.exceptions.UnroutableError, pika.exceptions.NackError) as problem:
            raise NotConfirmed(f"{message.exchange} {message.key}: {problem}") from problem

    def remove(self, delivery: Delivery) -> None:
        """Take a message that was looked at out of its queue."""
        self._channel.basic_ack(delivery.tag)

    @property
    def channel(self) -> Any:
        """The client library's channel, for declaring queues."""
        return self._channel
