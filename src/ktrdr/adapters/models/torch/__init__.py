"""Neural models: one trainer, several networks."""
