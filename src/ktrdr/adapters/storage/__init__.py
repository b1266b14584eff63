"""Where published models live."""
