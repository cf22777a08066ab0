"""The rules of reviews: plain Python, no I/O, no clock."""
