"""References that are made from the code and kept under docs/reference: `make docs` writes, `make check` compares."""
