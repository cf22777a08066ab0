"""What reviews does when others tell something."""
