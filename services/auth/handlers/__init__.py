"""The broker edge of auth: a file per service it listens to."""
