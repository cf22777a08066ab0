"""What media does."""
