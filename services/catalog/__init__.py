"""What can be bought and how it is found."""
