"""Rules of places and addresses: plain Python, no I/O, no clock."""
