"""The HTTP edge: a file per resource."""
