"""Bands of the best rated: the first holds so many, each further one as many as all before it, the last the rest.

A search that wants the best rated of those who match looks through one band after the other until it has enough. As
a band holds as many as all before it, what is read is at most about twice what is wanted, however many match.
"""

from typing import Final

FIRST_BAND_SIZE: Final = 4_000
LAST_BAND: Final = 12
BAND_ENDS: Final = tuple(FIRST_BAND_SIZE * 2**number for number in range(LAST_BAND))
"""The last rank, from 1, that each band but the last holds."""
