"""Rules of notifications: plain Python, no I/O, no clock."""
