"""Models of volatility behind the ModelTrainer port; only the fit of GARCH needs scipy."""
