"""Files for people beside a model's own."""
