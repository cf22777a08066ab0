"""Third parties of streams."""
