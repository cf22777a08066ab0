"""Mechanism that every service is built from. Holds no business words and imports no service."""
