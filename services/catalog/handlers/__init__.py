"""What catalog does when others tell something."""
