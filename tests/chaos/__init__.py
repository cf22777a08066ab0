"""Proof of the messaging under faults: real servers, real processes, kill -9, and mutants that must be caught.

`python -m tests.chaos --seeds 10` runs it; a failing seed is printed and can be run again with `--seed N`.
"""
