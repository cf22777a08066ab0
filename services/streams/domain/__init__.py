"""Rules of streams: plain Python, no I/O, no clock."""
