"""What the market is: symbols, timeframes, sessions, bars and their resampling."""
