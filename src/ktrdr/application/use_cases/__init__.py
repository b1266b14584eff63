"""What the program does, one verb a file: a request, a class, ``execute``."""
