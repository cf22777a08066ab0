"""What media does when others tell something."""
