"""What bookings can do: a module per topic, a function per verb. None of them commits."""
