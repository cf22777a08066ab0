"""What messaging promises, against real servers that the tests may stop and kill."""
