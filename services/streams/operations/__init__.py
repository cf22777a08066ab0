"""What streams does."""
