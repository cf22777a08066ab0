"""What payments reads and answers: a file per resource."""
