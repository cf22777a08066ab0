"""The locations service."""
