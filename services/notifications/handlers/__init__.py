"""What notifications does when others tell something: a file per service."""
