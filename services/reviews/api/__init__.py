"""The HTTP edge of reviews: a file per resource."""
