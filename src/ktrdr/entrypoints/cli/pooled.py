"""A pooled model symbol by symbol, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.render import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RIVALS = {"baseline": "each symbol's best baseline", "alone": "each symbol's own model"}


def symbols_text(by_symbol: Mapping[str, Any]) -> str:
    """Return a line per symbol: its loss against its best baseline and its own model; and what groups come to.

    Differences are the pooled model's loss minus the other's, with the 95 % interval; below 0 the pooled one is better.
    """
    compared = any("loss" in row["alone"] for row in by_symbol["symbols"])
    metric = by_symbol["metric"].replace("_", " ")
    header = ["symbol", "", "test rows", metric, "against baseline", "95 % interval"]
    header += ["against its own model", "95 % interval"] if compared else []
    rows = []
    for row in by_symbol["symbols"]:
        kind = "seen" if row["seen"] else "never seen"
        cells = [row["symbol"], kind, f"{row['rows']:,}", f"{row['loss']:.4g}", *_against(row["baseline"])]
        rows.append([*cells, *(_against(row["alone"]) if compared else ())])
    return "\n".join([table(header, rows), "", *_groups(by_symbol["groups"], metric)])


def few_rows_text(found: Mapping[str, Any]) -> str:
    """Return a line per symbol never seen: its loss after few rows from the learned start against other starts."""
    metric = found["metric"].replace("_", " ")
    header = [
        "few rows",
        "rows",
        "test rows",
        metric,
        "against pooled",
        "95 % interval",
        "against random",
        "95 % interval",
    ]
    rows = [
        [
            row["symbol"],
            f"{row['rows']:,}",
            f"{row['test_rows']:,}",
            f"{row['loss']:.4g}",
            *_against(row["pooled"]),
            *_against(row["random"]),
        ]
        for row in found["symbols"]
    ]
    missing = [f"{symbol}: {why}" for symbol, why in found["missing"].items()]
    return "\n".join([*([table(header, rows), ""] if rows else []), *missing, *found["sentences"]])


def _against(found: Mapping[str, Any]) -> tuple[str, str]:
    if "missing" in found:
        return "-", found["missing"]
    return f"{found['difference']:+.3g}", _interval(found)


def _interval(found: Mapping[str, Any]) -> str:
    if found["interval"] is None:
        return "too little data"
    low, high = found["interval"]
    return f"{low:+.3g} to {high:+.3g}, {found['outcome'].replace('_', ' ')}"


def _groups(groups: Mapping[str, Mapping[str, Any]], metric: str) -> Iterator[str]:
    for name, group in groups.items():
        who = "never seen" if name == "unseen" else name
        for rival, words in _RIVALS.items():
            if rival in group:
                found = group[rival]
                yield (
                    f"{who}: {metric} {found['difference']:+.3g} against {words} on average over symbols "
                    f"({_interval(found)}); lower for {found['lower_loss']} of {found['compared']}"
                )
