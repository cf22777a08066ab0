"""A small LiveKit: the calls Estuary makes, spoken to by the real `livekit-api` library by URL and key alone.

Start it with `estuary sandbox livekit`; the folder's README says what it knows and how to make trouble.
"""
