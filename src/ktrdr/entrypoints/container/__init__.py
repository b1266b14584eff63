"""The composition root: the only place that names adapters, and the one public door.

Build it, override a port by name, ask for a use case::

    container = make_container(models_dir=Path("models"))
    container.data_repository.override(providers.Object(my_repository))
    result = container.training_orchestrator().execute(request)
"""

from __future__ import annotations

from typing import Any

from dependency_injector import providers

from ktrdr.entrypoints.container.use_cases import Container
from ktrdr.entrypoints.settings import load_settings

__all__ = ["Container", "make_container"]


def make_container(**settings: Any) -> Container:
    """Return a container; settings that are None count as not given.

    Raises
    ------
    InvalidInput
        If a setting is unknown or of the wrong kind.
    """
    container = Container()
    container.settings.override(providers.Object(load_settings(**settings)))
    return container
