"""Rules of media: plain Python."""
