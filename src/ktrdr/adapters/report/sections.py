"""A page of sections: sentences, charts and a table each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, what it shows, and the names of its colours."""

    drawing: Markup
    caption: str
    legend: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page, printed in the order of these fields; the table only where it has rows.

    Its first column and those of `wordy` hold words, which stand at the left; the others numbers, at the right.
    """

    title: str
    charts: Sequence[Chart]
    sentences: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    wordy: Sequence[str] = ()


def render_sections(
    eyebrow: str, title: str, facts: Iterable[str], notes: Sequence[str], sections: Sequence[Section]
) -> bytes:
    """Return the page: one file without a network, the same bytes for the same content."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("plot.html.j2")
    text = template.render(eyebrow=eyebrow, title=title, facts=list(facts), notes=notes, sections=sections)
    return text.encode()
