"""The resources, a module each. Every module has its calls in `routes`."""
