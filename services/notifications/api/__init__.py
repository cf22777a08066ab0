"""The HTTP edge of notifications: a file per resource."""
