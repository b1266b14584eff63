"""Indicator kernels and the engineer that runs them."""
