"""The pure core. Its folders are the data flow, in order; stdlib, numpy and pandas only."""
