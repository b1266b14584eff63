"""Room for a large matrix: in memory, or beyond a limit in a file that nobody else sees."""

from __future__ import annotations

import os
import tempfile

import numpy as np

from ktrdr.domain.arrays import Float32s
from ktrdr.domain.errors import Unavailable

MEMORY_LIMIT = 2**30
"""Bytes up to which a matrix lies in memory."""


def scratch_matrix(n_rows: int, n_columns: int) -> Float32s:
    """Return room for a matrix of float32, row by row; what is never written takes no memory.

    Above `MEMORY_LIMIT` it is a file in the folder for temporary files, mapped to memory, which is gone with the
    process.

    Raises
    ------
    Unavailable
        If there is no room for the file.
    """
    n_bytes = 4 * n_rows * n_columns
    if n_bytes <= MEMORY_LIMIT:
        return np.empty((n_rows, n_columns), dtype=np.float32)
    try:
        with tempfile.TemporaryFile() as file:
            os.posix_fallocate(file.fileno(), 0, n_bytes)  # a full disk would otherwise kill the process later on
            return np.memmap(file, dtype=np.float32, mode="r+", shape=(n_rows, n_columns))
    except OSError as error:
        raise Unavailable(f"{tempfile.gettempdir()}: no room for {n_bytes:,} bytes ({error.strerror})") from error
