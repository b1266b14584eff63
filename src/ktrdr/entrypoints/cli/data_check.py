"""``ktrdr data check``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ktrdr.entrypoints.cli.exit_codes import EXIT_CODES
from ktrdr.entrypoints.cli.options import PAGES, DataDir, Json
from ktrdr.entrypoints.cli.render import emit, table
from ktrdr.entrypoints.cli.session import open_container

if TYPE_CHECKING:
    from ktrdr.application.use_cases.check_data import QualityReport
    from ktrdr.domain.market.quality.finding import Finding


def check(
    symbols: Annotated[list[str] | None, typer.Argument(help="Such as AAPL MSFT; else every symbol there is.")] = None,
    html: Annotated[Path | None, typer.Option(readable=False, help="The HTML file to draw the findings into.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Judge every series by the rules of data quality; exit code 2 if the limits refuse one."""
    container = open_container(data_dir=data_dir)
    if html is not None:
        container.write_file().check(html, *PAGES)
    names = [name for text in symbols or () for name in text.split(",") if name]
    report = container.check_data().execute(names)
    if html is not None:
        container.write_file()(html, container.quality_page()(report))
    emit({**report.as_dict(), "path": None if html is None else str(html)}, _text(report, html), json)
    if report.refused:
        raise typer.Exit(EXIT_CODES["invalid_input"])


def _text(report: QualityReport, html: Path | None) -> str:
    rows = [
        (
            one.info.symbol,
            one.info.timeframe,
            f"{one.info.rows:,}",
            one.verdict,
            ", ".join(item.rule for item in one.findings),
        )
        for one in report.series
    ]
    parts = [table(["symbol", "timeframe", "bars", "verdict", "findings"], rows) if rows else "no bars"]
    for one in report.series:
        said = [f"  cannot be read: {one.problem}"] if one.problem else list(_lines(one.findings))
        if said:
            parts.append("\n".join([f"{one.info.symbol} {one.info.timeframe}: {one.verdict}", *said]))
    if report.together:
        parts.append("\n".join(["series and symbols together", *_lines(report.together, named=True)]))
    return "\n\n".join([*parts, *([f"drawn: {html}"] if html is not None else [])])


def _lines(found: Iterable[Finding], named: bool = False) -> Iterable[str]:
    for finding in found:
        severity = f"{finding.severity}, refused" if finding.refused else finding.severity
        yield f"  {finding.rule} ({severity}): {finding.said if named else finding.sentence}"
        yield f"    example: {finding.example}"
        yield f"    do: {finding.advice}"
