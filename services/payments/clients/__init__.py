"""Third parties, each behind a Protocol that we own."""
