"""What the model is asked to foresee; every label says how far ahead it looked."""
