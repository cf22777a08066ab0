"""The gateway beside nginx and a proxy written the usual way."""
