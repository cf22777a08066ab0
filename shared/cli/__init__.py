"""The command line `estuary`: one program that starts, inspects and repairs any part."""
