"""A small Stripe: the resources Estuary uses, spoken to by the real `stripe` library through its base address.

Start it with `python -m deploy.sandbox.stripe`; the folder's README says what it knows and how to make trouble.
"""
