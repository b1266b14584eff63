"""The ``ktrdr data`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ktrdr.entrypoints.cli.data_check import check
from ktrdr.entrypoints.cli.data_import import import_bars
from ktrdr.entrypoints.cli.data_text import open_store, series_table, values_table
from ktrdr.entrypoints.cli.options import DataDir, Json
from ktrdr.entrypoints.cli.reading_text import reading_rows
from ktrdr.entrypoints.cli.render import emit, say
from ktrdr.entrypoints.cli.session import open_container

if TYPE_CHECKING:
    from ktrdr.application.use_cases.list_bars import ListedBars
    from ktrdr.application.use_cases.show_bars import ShownBars

app = typer.Typer(no_args_is_help=True, help="Market bars: what there is, how good it is, and more of it.")

_NAMED_AT_MOST = 25


@app.command("list")
def list_series(data_dir: DataDir = None, json: Json = False) -> None:
    """List symbols, timeframes and the spans of their bars, and what else lies in the folder."""
    listed = open_container(data_dir=data_dir).list_bars().execute()
    if json:
        emit(listed.as_dict(), "", json)
    else:
        emit({}, _listed(listed), json)


@app.command()
def show(
    symbol: Annotated[str, typer.Argument(help="Such as AAPL or ^GSPC.")],
    timeframe: Annotated[str, typer.Argument(help="Such as 5m, 1h or 1d.")],
    last: Annotated[int, typer.Option(min=0, help="How many of the last bars to print.")] = 5,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show one series: its span, what is known of the symbol, what is odd about the bars, and the last of them."""
    from ktrdr.domain.market.timeframe import Timeframe

    shown = open_container(data_dir=data_dir).show_bars().execute(symbol, Timeframe(timeframe), last)
    payload = shown.as_dict()
    emit(payload, _describe(shown, payload["bars"]), json)


app.command()(check)
app.command("import")(import_bars)


@app.command()
def simulate(
    symbols: Annotated[str, typer.Option(help="Names, with commas; *FOREX and *CRYPTO trade like that, else stocks.")],
    timeframe: Annotated[str, typer.Option(help="Such as 1m or 5m.")] = "5m",
    bars: Annotated[int, typer.Option(min=1, help="How many bars of each.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bars.")] = 7,
    out: Annotated[
        Path | None, typer.Option(readable=False, help="Folder to write to [default: the data folder].")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite other bars of the same symbol and timeframe.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write made-up bars, to try things on; the catalogue beside them says that they are simulated."""
    from ktrdr.domain.market.timeframe import Timeframe

    container = open_store(out or data_dir)
    names = [name.strip() for name in symbols.split(",")]
    source = container.simulated_data(names, Timeframe(timeframe), bars, seed)
    kept = container.copy_bars(source).execute(Timeframe(timeframe), replace=replace)
    emit({"series": [info.as_dict() for info in kept]}, series_table(kept), json)
    say("note: symbols.yaml in that folder has an entry of each; comments in it are not kept")


def _listed(listed: ListedBars) -> str:
    lines = [series_table(listed.series)]
    if listed.not_taken:
        lines += ["", "not taken:"]
        lines += [f"  {entry.file}: {entry.why}" for entry in listed.not_taken[:_NAMED_AT_MOST]]
    more = len(listed.not_taken) - _NAMED_AT_MOST
    return "\n".join([*lines, f"  and {more:,} more; --json names all"] if more > 0 else lines)


def _describe(shown: ShownBars, rows: list[dict[str, Any]]) -> str:
    bars, facts, mark = shown.bars, shown.facts, shown.bars.fingerprint()
    tick = "not known" if facts.tick_size is None else f"{facts.tick_size:.10f}".rstrip("0").rstrip(".")
    kind = f"{'simulated ' if facts.simulated else ''}{facts.asset_class}"
    lines = [
        f"{bars.symbol} {bars.timeframe}: {len(bars):,} bars, {mark.first} to {mark.last}, from {bars.source}",
        f"{kind}, exchange {facts.exchange}, calendar {facts.calendar} ({facts.time_zone})",
        f"trades {facts.trading_hours or 'at hours that are not known'}, tick size {tick}",
        f"bars of any timeframe: {facts.first} to {facts.last}",
        *(f"read: {name} {said}" for name, said in reading_rows(bars.reading)),
        *(f"note: {sentence}" for sentence in (*(bars.reading.remarks if bars.reading else ()), *facts.inferred)),
        *(f"warning: {sentence}" for sentence in shown.warnings),
    ]
    return "\n".join([*lines, "", values_table(rows)] if rows else lines)
