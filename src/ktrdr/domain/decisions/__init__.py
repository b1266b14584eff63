"""From a model's outputs to what to do."""
