"""What locations does when others tell something."""
