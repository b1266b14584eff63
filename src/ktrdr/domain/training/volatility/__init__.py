"""Forecasts of volatility that are sums over the last returns."""
