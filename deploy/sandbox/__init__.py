"""Stand-ins for outside services that need keys or cost money, each speaking the real one's wire."""
