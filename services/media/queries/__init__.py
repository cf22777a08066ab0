"""Reads of media."""
