"""The HTTP edge of bookings; a module per resource."""
