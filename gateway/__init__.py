"""The one door: routes, tokens, limits, envelopes and documentation. No database, no domain knowledge."""
