"""The HTTP edge of catalog."""
