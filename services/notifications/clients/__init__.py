"""Third parties of notifications, behind a Protocol of our own."""
