"""What can be asked of bookings; nothing here changes anything."""
