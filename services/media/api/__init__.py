"""The HTTP edge of media."""
