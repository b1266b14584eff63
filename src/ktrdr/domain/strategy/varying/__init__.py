"""One strategy, varied: by the command line, by symbol."""
