"""Reads of auth that change nothing."""
