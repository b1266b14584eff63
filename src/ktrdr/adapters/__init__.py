"""Everything that the program touches outside itself; adapters do not import each other."""
