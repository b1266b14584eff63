"""Reading a strategy document: one file a section."""
