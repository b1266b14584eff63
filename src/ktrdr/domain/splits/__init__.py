"""Which rows a model learns from, which choose it, and which judge it."""
