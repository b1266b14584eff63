"""From market data to a pool of rows: what training, dry runs, predictions and exports share."""
