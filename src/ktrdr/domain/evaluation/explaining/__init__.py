"""Why a model says what it says: contributions that add up, local lines, groups, ranks, and dependence."""
