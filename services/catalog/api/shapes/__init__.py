"""Schemas of what catalog answers, a file per topic."""
