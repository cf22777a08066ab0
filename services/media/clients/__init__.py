"""What lies outside: the storage, and the programs that read pictures and films."""
