"""Reads of notifications: they change nothing."""
