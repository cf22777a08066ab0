"""That operating Estuary is invisible to the people who use it: restarts, parts that are down, several of each."""
