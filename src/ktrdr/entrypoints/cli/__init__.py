"""The Typer command line: one thin module a use case."""
