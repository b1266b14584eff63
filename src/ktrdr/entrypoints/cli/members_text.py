"""The members of an ensemble as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktrdr.entrypoints.cli.render import table


def members_text(report: Mapping[str, Any]) -> str:
    """Return each member's own loss beside that of the whole; nothing for a model that is not made of several."""
    members: Sequence[Mapping[str, Any]] = report.get("members", ())
    if not members:
        return ""
    verdict = report["verdict"]
    metric, baseline = (str(verdict[name]).replace("_", " ") for name in ("metric", "baseline"))
    rows = [("the ensemble", "", "", _figure(verdict["loss"]), _signed(verdict["difference"]))]
    rows += [
        (item["name"], item["type"] or "", _share(item["share"]), _figure(item["loss"]), _signed(item["difference"]))
        for item in members
    ]
    return table(["member", "type", "share", metric, f"against {baseline}"], rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _figure(value: float) -> str:
    return f"{value:.4g}"


def _signed(value: float) -> str:
    return f"{value:+.3g}"
