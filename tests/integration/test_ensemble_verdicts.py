"""On labels that nothing foretells no ensemble is called better; where one member reads what does, it is.

Over 200 seeds `docs/how-to/combine-models.md` has the shares; here a few say that the figures still mean what they did.
"""

from __future__ import annotations

import pytest
from samples.verdicts import METHODS, share_called_better

EDGE = 0.5


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_called_better_where_there_is_nothing_to_find(method: str) -> None:
    assert share_called_better(method, 5, 0.0) <= 1 / 5


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"hard"}))  # the other two outvote the member that knows
def test_it_is_called_better_where_one_member_knows_something(method: str) -> None:
    assert share_called_better(method, 5, EDGE) >= 4 / 5
