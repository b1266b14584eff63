"""What killed writers of older versions have left beside their files."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from ktrdr.adapters.files.replacing import sweep

_OF_PROCESS = re.compile(r"\..+\.(\d{1,10})")
_FOLDER = re.compile(r"\.writing-\w{8}")


def sweep_strays(folder: Path) -> None:
    """Remove unfinished files from a folder, but not those of a writer that lives.

    ``.{name}.{number}.part`` tells by its lock whether it is one; an older ``.{name}.{process}`` by its process. An
    older ``.writing-...`` is a folder that no version of today writes.
    """
    sweep(folder)
    with suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            process = _OF_PROCESS.fullmatch(entry.name)
            if process and entry.is_file(follow_symlinks=False) and not _lives(int(process[1])):
                with suppress(OSError):
                    Path(entry.path).unlink()
            elif _FOLDER.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
