"""One model from many symbols, step by step: gather, fit, judge, pack."""
