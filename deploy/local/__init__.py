"""The local runner: private PostgreSQL and RabbitMQ, and every process of Estuary under one supervisor."""
