"""A dry run as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.inputs_text import inputs_text, worded
from ktrdr.entrypoints.cli.outcome import episodes_text
from ktrdr.entrypoints.cli.render import section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ktrdr.application.preparing.preview import Preview


def preview_text(preview: Preview) -> str:
    """Return everything that training would do, section by section."""
    strategy, inputs = preview.strategy, preview.inputs
    sections = [
        f"{strategy.name} (version {strategy.version}): dry run, nothing is trained",
        *inputs_text(inputs["indicators"], inputs["context_data"]),
        section(
            "fuzzy sets",
            [
                (name, f"over {item.reference.text}: {', '.join(part.name for part in item.memberships)}")
                for name, item in strategy.fuzzy_sets.items()
            ],
        ),
        section(f"features, in order ({len(preview.features)})", list(enumerate(preview.features, 1))),
        section("settings", [(item.path, worded(item.value), item.origin) for item in strategy.settings]),
        section(
            "data",
            [
                (
                    item["symbol"],
                    item["timeframe"],
                    f"{item['rows']:,} {'publications' if item['timeframe'] == 'context' else 'bars'}",
                    item["first"],
                    item["last"],
                    item["source"],
                )
                for item in preview.data
            ],
        ),
        section("rows", [(name.replace("_", " "), f"{count:,}") for name, count in preview.rows.items()]),
        section("split", _split_rows(preview.split)),
        *_steps(preview.split.get("steps", {})),
        *_symbols(preview.split.get("symbols", {})),
        _labels(preview),
        *([episodes_text(preview.episodes)] if preview.episodes else []),
    ]
    return "\n\n".join(sections)


def _steps(steps: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [
        (step, *(f"{count:,} {name}, {found['purged'].get(name, 0)} purged" for name, count in found["rows"].items()))
        for step, found in steps.items()
    ]
    return [section("rows of the steps, by bars ahead", rows)] if rows else []


def _symbols(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    rows = [(symbol, *(f"{count:,} {name}" for name, count in parts.items())) for symbol, parts in counts.items()]
    return [section("rows of the symbols", rows)] if rows else []


def _labels(preview: Preview) -> str:
    if preview.balance is not None:
        return section("labels", [(line,) for line in preview.balance.sentences()])
    rows = [
        (symbol, *(f"{name} {share:.1%}" for name, share in shares.items()))
        for symbol, shares in preview.shares.items()
    ]
    return section("labels of the train rows", rows)


def _split_rows(split: dict[str, Any]) -> list[Any]:
    return [
        (name, f"{part['rows']:,} rows", part["first"], part["last"], f"{split['purged'].get(name, 0)} purged")
        for name, part in split["parts"].items()
    ]
