"""Which known name a message suggests: one that is near, or none."""

from __future__ import annotations

import pytest

from ktrdr.domain.errors import did_you_mean, nearest


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("neutrl", ["oversold", "neutral"], "neutral"),
        ("RSII", ["rsi", "roc"], "rsi"),
        ("rsy", ["roc", "rsi"], "rsi"),
        ("hist", ["line", "signal", "histogram"], "histogram"),
        ("lookahead", ["zigzag_threshold", "label_lookahead"], "label_lookahead"),
        ("olose", ["open", "close"], "close"),
        ("extra", ["oversold", "neutral", "overbought"], None),
        ("extreme", ["oversold", "neutral", "overbought"], None),
        ("", ["rsi"], None),
        ("rsi", [], None),
    ],
)
def test_only_a_name_that_is_near_is_suggested(written: str, known: list[str], meant: str | None) -> None:
    assert nearest(written, known) == meant
    assert did_you_mean(written, known) == ("" if meant is None else f"; did you mean {meant!r}?")
