"""What a model is worth: metrics beside baselines, a verdict with its uncertainty, and what to make of the run."""
