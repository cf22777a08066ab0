"""The gateway beside nginx, a proxy written the usual way, and one of npm's."""
