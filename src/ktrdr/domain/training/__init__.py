"""From a request to jobs, from features and labels to a fitted model."""
