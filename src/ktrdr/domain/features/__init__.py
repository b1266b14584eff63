"""From bars and a strategy to the ordered, causal feature matrix."""
