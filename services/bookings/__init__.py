"""The bookings service: who meets whom, and when."""
