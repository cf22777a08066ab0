"""What the operations of bookings read and answer."""
