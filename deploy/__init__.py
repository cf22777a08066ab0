"""Running Estuary: the local runner, the sandboxes of outside services, images and clusters."""
