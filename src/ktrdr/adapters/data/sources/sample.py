"""The bars that ship inside the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ktrdr.adapters.data.sources.folder import FolderSource
from ktrdr.domain.market.context_series import ContextSeries, missing_context
from ktrdr.domain.market.context_source import ContextSource


class SampleSource(FolderSource):
    """Daily stocks and indices and one hourly currency pair; sources and licences stand in ``sample/LICENSES.md``."""

    def __init__(self) -> None:
        super().__init__(Path(str(resources.files("ktrdr.adapters.data") / "sample")))

    def __str__(self) -> str:
        """Return the kind of place."""
        return "sample"

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port; there is none."""
        raise missing_context(source.provider, source.name)
