"""Plain loops that say again, slowly, what the product computes: independent oracles."""
