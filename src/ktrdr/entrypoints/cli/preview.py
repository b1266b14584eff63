"""A dry run as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ktrdr.domain.strategy.document import Indicator
from ktrdr.entrypoints.cli.render import table

if TYPE_CHECKING:
    from ktrdr.application.use_cases.dry_run import Preview


def preview_text(preview: Preview) -> str:
    """Return everything that training would do, section by section."""
    strategy = preview.strategy
    sections = [
        f"{strategy.name} (version {strategy.version}): dry run, nothing is trained",
        _section("indicators", [(name, _indicator(item)) for name, item in strategy.indicators.items()]),
        _section(
            "fuzzy sets",
            [
                (name, f"over {item.reference.text}: {', '.join(part.name for part in item.memberships)}")
                for name, item in strategy.fuzzy_sets.items()
            ],
        ),
        _section(f"features, in order ({len(preview.features)})", list(enumerate(preview.features, 1))),
        _section("settings", [(item.path, _shown(item.value), item.origin) for item in strategy.settings]),
        _section(
            "data",
            [
                (
                    item["symbol"],
                    item["timeframe"],
                    f"{item['rows']:,} bars",
                    item["first"],
                    item["last"],
                    item["source"],
                )
                for item in preview.data
            ],
        ),
        _section("rows", [(name.replace("_", " "), f"{count:,}") for name, count in preview.rows.items()]),
        _section("split", _split_rows(preview.split)),
        _section("labels", [(line,) for line in preview.balance.sentences()]),
    ]
    return "\n\n".join(sections)


def _section(title: str, rows: list[Any]) -> str:
    body = table([""] * len(rows[0]), rows).split("\n", 1)[1] if rows else "(none)"
    return f"{title}\n" + "\n".join(f"  {line}" for line in body.split("\n"))


def _indicator(indicator: Indicator) -> str:
    parameters = ", ".join(f"{name} {_shown(value)}" for name, value in indicator.parameters.items())
    return f"{indicator.type} ({parameters})" if parameters else indicator.type


def _split_rows(split: dict[str, Any]) -> list[Any]:
    return [
        (name, f"{part['rows']:,} rows", part["first"], part["last"], f"{split['purged'].get(name, 0)} purged")
        for name, part in split["parts"].items()
    ]


def _shown(value: Any) -> str:
    return (
        "{" + ", ".join(f"{key}: {item}" for key, item in value.items()) + "}"
        if isinstance(value, dict)
        else str(value)
    )
