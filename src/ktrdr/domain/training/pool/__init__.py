"""One model from many symbols: their rows, hours, weights and units."""
