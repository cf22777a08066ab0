"""The rules of auth: plain Python, no I/O, no clock."""
