"""From a stored model to predictions: choose it, open it, follow bars with it."""
