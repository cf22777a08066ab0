"""The documentation pages in a real browser, and every example on them really sent."""
