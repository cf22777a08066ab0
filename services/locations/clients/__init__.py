"""Third parties and libraries with data, each behind a Protocol or function that we own."""
