"""How commands get their container, without any heavy import at start-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ktrdr.entrypoints.container import Container


def open_container(**settings: Any) -> Container:
    """Return a container for these settings; None means not given."""
    from ktrdr.entrypoints.container import make_container

    return make_container(**settings)
