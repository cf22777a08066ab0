"""What reviews does."""
