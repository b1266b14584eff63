"""Ensembles: what becomes one forecast out of the forecasts of several members."""
