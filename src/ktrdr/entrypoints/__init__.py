"""Where the program is put together and called: container, settings, command line."""
