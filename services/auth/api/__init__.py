"""The HTTP edge of auth: a file per resource."""
