"""Rules of booking: plain Python, no database, no clock."""
