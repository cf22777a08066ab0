"""What practitioners does: a file per topic, a function per verb."""
