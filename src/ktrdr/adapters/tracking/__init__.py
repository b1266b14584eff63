"""Decorators that write down what was tried."""
