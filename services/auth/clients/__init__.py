"""What auth reaches outside of its own process."""
