"""The HTTP edge of streams."""
