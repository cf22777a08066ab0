"""What streams does when others tell something."""
