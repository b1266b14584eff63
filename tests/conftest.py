"""Puts this folder on the import path of the tests, for what several of them share."""
