"""The broker edge: a file per service that practitioners listens to."""
