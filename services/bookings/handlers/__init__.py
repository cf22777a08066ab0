"""What bookings does when another service says something; a module per service."""
