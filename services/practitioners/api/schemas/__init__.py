"""What is read and answered, a file per resource."""
