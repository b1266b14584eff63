"""Strategy documents outside the program."""
