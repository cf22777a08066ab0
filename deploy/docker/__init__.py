"""Estuary in containers: what is in each image, and how the images make one system."""
