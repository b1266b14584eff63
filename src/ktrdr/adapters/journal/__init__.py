"""Where fits are written down: every fit that began leaves a line, published or not."""
