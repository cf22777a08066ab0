"""Third parties that reviews may ask."""
