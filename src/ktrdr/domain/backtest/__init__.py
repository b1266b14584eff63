"""Backtests: what decisions would have earned, filled at the next open and marked at closes."""
