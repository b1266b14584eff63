"""Where jobs run besides this process."""
