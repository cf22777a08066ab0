"""Orders, the ledger, cards, payouts and plans."""
