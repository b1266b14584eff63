"""The strategy grammar v3: documents in, one frozen strategy or all problems at once out."""
