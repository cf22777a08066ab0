"""What the tests of services stand on: the real database, the real HTTP edge, signed requests and minted tokens."""
