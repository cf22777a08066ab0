"""What catalog does."""
