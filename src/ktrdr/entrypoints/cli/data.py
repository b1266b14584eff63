"""The ``ktrdr data`` commands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ktrdr.domain.errors import InvalidInput
from ktrdr.entrypoints.cli.data_check import check
from ktrdr.entrypoints.cli.options import DataDir, Json
from ktrdr.entrypoints.cli.render import emit, say, table
from ktrdr.entrypoints.cli.session import open_container

if TYPE_CHECKING:
    from ktrdr.application.use_cases.show_bars import ShownBars
    from ktrdr.domain.market.series import SeriesInfo

app = typer.Typer(no_args_is_help=True, help="Market bars: what there is, how good it is, and more of it.")

Out = Annotated[Path | None, typer.Option(readable=False, help="Folder to write to [default: the data folder].")]
Replace = Annotated[bool, typer.Option("--replace", help="Overwrite other bars of the same symbol and timeframe.")]


@app.command("list")
def list_series(data_dir: DataDir = None, json: Json = False) -> None:
    """List symbols, timeframes, and the spans of their bars."""
    found = open_container(data_dir=data_dir).data_repository().series()
    _emit_series(found, json)


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


@app.command("import")
def import_bars(
    path: Annotated[Path, typer.Argument(readable=False, help="CSV or parquet file, or a folder of them.")],
    symbol: Annotated[str | None, typer.Option(help="For a file not named SYMBOL_TIMEFRAME.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="For a file not named SYMBOL_TIMEFRAME.")] = None,
    out: Out = None,
    replace: Replace = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Check bars from elsewhere and keep them as parquet files."""
    from ktrdr.application.use_cases.import_bars import ImportRequest
    from ktrdr.domain.market.reading import Stated
    from ktrdr.domain.market.timeframe import Timeframe

    container = _open_store(out or data_dir)
    stated = Stated(symbol, Timeframe(timeframe) if timeframe else None)
    request = ImportRequest(path, stated, replace)
    imported = container.import_bars().execute(request)
    for one in imported:
        for warning in one.warnings:
            say(f"warning: {one.series.source}: {warning}")
    _emit_series([one.series for one in imported], json)


@app.command()
def simulate(
    symbols: Annotated[str, typer.Option(help="Names, with commas; *FOREX and *CRYPTO trade like that, else stocks.")],
    timeframe: Annotated[str, typer.Option(help="Such as 1m or 5m.")] = "5m",
    bars: Annotated[int, typer.Option(min=1, help="How many bars of each.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bars.")] = 7,
    out: Out = None,
    replace: Replace = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write made-up bars, to try things on; the catalogue beside them says that they are simulated."""
    from ktrdr.domain.market.timeframe import Timeframe

    container = _open_store(out or data_dir)
    names = [name.strip() for name in symbols.split(",")]
    source = container.simulated_data(names, Timeframe(timeframe), bars, seed)
    _emit_series(container.copy_bars(source).execute(Timeframe(timeframe), replace=replace), json)
    say("note: symbols.yaml in that folder has an entry of each; comments in it are not kept")


def _open_store(folder: Path | None) -> Any:
    container = open_container(data_dir=folder)
    if container.settings().data_dir is None:
        raise InvalidInput("there is no folder to write to; say --out DIR, or --data-dir DIR")
    return container


def _emit_series(found: Iterable[SeriesInfo], json: bool) -> None:
    rows = [info.as_dict() for info in found]
    text = table(
        ["symbol", "timeframe", "rows", "first", "last", "source"],
        [
            [row["symbol"], row["timeframe"], f"{row['rows']:,}", row["first"], row["last"], row["source"]]
            for row in rows
        ],
    )
    emit({"series": rows}, text if rows else "no bars", json)


def _describe(shown: ShownBars, rows: list[dict[str, Any]]) -> str:
    bars, facts, mark = shown.bars, shown.facts, shown.bars.fingerprint()
    tick = "not known" if facts.tick_size is None else f"{facts.tick_size:.10f}".rstrip("0").rstrip(".")
    kind = f"{'simulated ' if facts.simulated else ''}{facts.asset_class}"
    lines = [
        f"{bars.symbol} {bars.timeframe}: {len(bars):,} bars, {mark.first} to {mark.last}, from {bars.source}",
        f"{kind}, exchange {facts.exchange}, calendar {facts.calendar} ({facts.time_zone})",
        f"trades {facts.trading_hours or 'at hours that are not known'}, tick size {tick}",
        f"bars of any timeframe: {facts.first} to {facts.last}",
        *(f"note: {sentence}" for sentence in facts.inferred),
        *(f"warning: {sentence}" for sentence in shown.warnings),
    ]
    if rows:
        cells = [[f"{cell:.10g}" if isinstance(cell, float) else cell for cell in row.values()] for row in rows]
        lines += ["", table(list(rows[0]), cells)]
    return "\n".join(lines)
