"""Linear models, fitted and run by numpy alone."""
