"""Law 10: a file comes back to the bit or is refused with row and text; none is read as something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.door import imported, judge, refused, straight
from samples.drawn_files import Drawn, binary_files, written_files

from ktrdr.domain.errors import KtrdrError


@settings(max_examples=examples(200))
@given(written_files())
def test_a_written_file_comes_back_to_the_bit_or_is_refused(folders: Callable[[], Path], drawn: Drawn) -> None:
    try:
        found, said = imported(drawn, folders())
    except KtrdrError as error:
        refused(drawn, error)
    else:
        judge(drawn, found)
        assert len(found) == len(drawn.bars) or re.search(r"row|left out|unfinished|twice", said), (said, drawn)


@settings(max_examples=examples(60))
@given(binary_files())
def test_a_table_comes_back_to_the_bit_or_is_refused(folders: Callable[[], Path], drawn: Drawn) -> None:
    try:
        found, _ = imported(drawn, folders())
    except KtrdrError as error:
        refused(drawn, error)
    else:
        judge(drawn, found)


@settings(max_examples=examples(60))
@given(st.one_of(written_files(), binary_files()).filter(lambda drawn: drawn.zone is None))
def test_a_folder_gives_what_an_import_gives(folders: Callable[[], Path], drawn: Drawn) -> None:
    try:
        found = straight(drawn, folders())
    except KtrdrError as error:
        refused(drawn, error, anyhow=True)
        return
    judge(drawn, found)
    kept, _ = imported(drawn, folders())
    assert kept.fingerprint().sha256 == found.fingerprint().sha256
    assert kept.known_at.tolist() == found.known_at.tolist()
