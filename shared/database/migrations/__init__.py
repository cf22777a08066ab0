"""Alembic's environment for all services, and the branch of the tables that all of them have."""
