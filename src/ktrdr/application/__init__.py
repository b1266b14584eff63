"""What the program does: use cases, and the ports they need."""
