"""The page of a data check, as a reader sees it."""

from __future__ import annotations

import re

from ktrdr.adapters.report.quality import quality_page
from ktrdr.application.use_cases.check_data import QualityReport
from ktrdr.domain.market.quality.finding import Finding


def test_what_to_do_stands_before_the_long_example_and_words_stand_at_the_left() -> None:
    found = Finding("splits", "warning", "the pool", 1, 3, (0,), "1970-01-01: open 1", "one looks so", "adjust them")
    page = quality_page(QualityReport((), (found,))).decode()
    assert re.findall("<th(?: [^>]*)?>[^<]*</th>", page)[-5:] == [
        "<th>rule</th>",
        "<th>severity</th>",
        '<th class="n">how many</th>',
        "<th>what to do</th>",
        "<th>example</th>",
    ]
    assert page.index("<td>adjust them</td>") < page.index("<td>1970-01-01: open 1</td>")
