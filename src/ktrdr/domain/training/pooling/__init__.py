"""One training from the rows of many symbols: pool, common cut, combination."""
