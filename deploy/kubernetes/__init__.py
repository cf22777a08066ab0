"""Estuary in a cluster: kustomize bases and overlays, written from the same list as docker-compose.yml."""
