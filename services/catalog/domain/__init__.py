"""Rules without input, output or clock."""
