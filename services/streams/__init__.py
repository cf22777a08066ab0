"""The streams service."""
