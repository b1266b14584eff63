"""The ``ktrdr indicators`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ktrdr.domain.errors import InvalidInput
from ktrdr.entrypoints.cli.options import PAGES, DataDir, Json
from ktrdr.entrypoints.cli.render import emit, say_notes, section, table
from ktrdr.entrypoints.cli.session import open_container

if TYPE_CHECKING:
    from ktrdr.application.use_cases.describe_indicators import IndicatorFacts
    from ktrdr.application.use_cases.plot_indicator import IndicatorPlot


class _ListByDefault(TyperGroup):
    """Without a command, lists."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_ListByDefault, help="The indicators that a strategy may name; without a command, all of them.")


@app.command("list")
def list_indicators(
    category: Annotated[
        str | None, typer.Option(help="trend, momentum, volatility, volume, pattern or statistical.")
    ] = None,
    json: Json = False,
) -> None:
    """List types with category, parameters and defaults, and outputs."""
    listing = open_container().list_indicators().execute(category)
    cells = [
        (row["type"], row["category"], _defaults(row["parameters"]), ", ".join(row["outputs"]) or "single")
        for row in listing.as_dict()["indicators"]
    ]
    outputs = sum(len(spec.outputs) or 1 for spec in listing)
    text = table(["type", "category", "parameters", "outputs"], cells)
    emit(listing.as_dict(), f"{text}\n\n{len(listing)} types, {outputs} outputs", json)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A type, or another name of it.")],
    parameters: Annotated[list[str] | None, typer.Argument(help="Values in place of defaults: period=21.")] = None,
    plot: Annotated[
        Path | None, typer.Option(readable=False, help="Draw it over real bars into this HTML file.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Whose bars to draw.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Which bars to draw.")] = None,
    strategy: Annotated[Path | None, typer.Option(readable=False, help="Draw this strategy's fuzzy sets too.")] = None,
    set_id: Annotated[str | None, typer.Option("--set", help="Only this fuzzy set.")] = None,
    bars: Annotated[int | None, typer.Option(help="How many of the newest bars to draw [default: 500].")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Say all that is known of an indicator; with --plot, draw it with the memberships of a strategy."""
    from ktrdr.application.use_cases.plot_indicator import PlotRequest

    given = _given(parameters or [])
    container = open_container(data_dir=data_dir)
    if plot is None:
        _refuse_idle({"symbol": symbol, "timeframe": timeframe, "strategy": strategy, "set": set_id, "bars": bars})
        facts = container.describe_indicators().execute(name, given)
        emit(facts.as_dict(), _facts_text(facts), json)
        return
    write = container.write_file()
    write.check(plot, *PAGES)
    effective = None if strategy is None else container.read_strategy().execute(strategy)
    request = PlotRequest(name, given, symbol, timeframe, effective, set_id, 500 if bars is None else bars)
    drawn = container.plot_indicator().execute(request)
    facts = container.describe_indicators().execute(name, drawn.parameters)
    say_notes(drawn.notes)
    write(plot, container.indicator_page()(drawn))
    emit(
        facts.as_dict() | {"plot": {"path": str(plot), **drawn.as_dict()}},
        f"{_facts_text(facts)}\n\n{_drawn_text(drawn, plot)}",
        json,
    )


def _defaults(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in parameters.items()) or "-"


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _given(parameters: list[str]) -> dict[str, Any]:
    """Return the values of ``name=value``."""
    given: dict[str, Any] = {}
    for text in parameters:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise InvalidInput(f"{text!r}: parameters are written name=value, such as period=21")
        if name in given:
            raise InvalidInput(f"{name!r} is given twice")
        given[name] = _value(value)
    return given


def _value(text: str) -> Any:
    if text.casefold() in {"true", "false"}:
        return text.casefold() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _refuse_idle(options: dict[str, Any]) -> None:
    idle = [f"--{name}" for name, value in options.items() if value is not None]
    if idle:
        raise InvalidInput(f"{', '.join(idle)}: has an effect only with --plot FILE.html")


def _facts_text(facts: IndicatorFacts) -> str:
    from ktrdr.domain.catalogue.values import bounds

    spec = facts.spec
    lines = [
        ("category", spec.category),
        ("also written", ", ".join(spec.aliases) or "-"),
        ("outputs", ", ".join(spec.outputs) or "single"),
        ("reads", ", ".join(spec.inputs)),
        ("scale", spec.scale),
        ("first value", f"bar {spec.first_value(facts.parameters)}, counted from 0"),
        ("settled after", _settled_text(facts)),
        ("cumulative", "yes" if spec.cumulative else "no"),
        ("takes ratios", "yes: prices must be above 0" if spec.ratios else "no"),
        ("kernel", facts.kernel),
        ("reference", spec.reference),
    ]
    parameters = [
        (
            item.name,
            _shown(facts.parameters[item.name]),
            f"default {_shown(item.default)}",
            ", ".join(item.choices) if item.choices else "true or false" if item.kind == "bool" else bounds(item),
            item.description,
        )
        for item in spec.parameters
    ]
    return "\n\n".join(
        [f"{spec.name}\n  {spec.description}", section("facts", lines), section("parameters", parameters)]
    )


def _settled_text(facts: IndicatorFacts) -> str:
    if facts.settled_bars is None:
        return "never: it depends on all bars since the beginning"
    since = " of the first session that begins among the bars" if facts.spec.by_session(facts.parameters) else ""
    return f"bar {facts.settled_bars}{since}"


def _drawn_text(drawn: IndicatorPlot, path: Path) -> str:
    facts = drawn.as_dict()
    sets = f", with {', '.join(drawn.sets)}" if drawn.sets else ""
    where = f"{facts['symbol']} {facts['timeframe']}, {facts['bars']:,} bars, {facts['first']} to {facts['last']}"
    return f"drawn: {path} ({where}{sets})"
