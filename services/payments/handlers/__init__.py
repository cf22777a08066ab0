"""What happens when other services tell something: a file per service."""
