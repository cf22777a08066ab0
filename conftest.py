"""Fixtures for the whole repository."""

pytest_plugins = ["shared.testing.plugin"]
