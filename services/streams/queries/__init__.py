"""What streams reads."""
