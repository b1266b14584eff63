"""Settings: arguments, then ``KTRDR_*`` variables, then ``ktrdr.toml`` in the working folder, then defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ktrdr.adapters.documents.limits import SETTINGS
from ktrdr.adapters.documents.plain_file import require_possible
from ktrdr.adapters.documents.toml_text import read_toml
from ktrdr.domain.errors import InvalidInput, NotFound, did_you_mean

SETTINGS_FILE = "ktrdr.toml"


class Settings(BaseSettings):
    """Where things are and what they run on.

    Attributes
    ----------
    data_dir : Path or None
        Folder of ``{SYMBOL}_{timeframe}.parquet`` or ``.csv`` files; None means the embedded bars.
    models_dir : Path
        Where models are published.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    model_config = SettingsConfigDict(env_prefix="KTRDR_", extra="forbid", frozen=True)

    data_dir: Path | None = None
    models_dir: Path = Path("models")
    device: str = "auto"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names them
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put ``ktrdr.toml`` behind the variables."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, _written())


def load_settings(**given: Any) -> Settings:
    """Return the settings; given values that are None count as not given.

    Raises
    ------
    InvalidInput
        If a variable or ``ktrdr.toml`` holds an unknown key or a value of the wrong kind, the latter is no TOML, or a
        folder is named that no path can be.
    Unavailable
        If ``ktrdr.toml`` cannot be read.
    """
    _refuse_unknown_variables()
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        hint = did_you_mean(name, Settings.model_fields)
        raise InvalidInput(f"settings (KTRDR_* variables or ktrdr.toml): {name}: {first['msg']}{hint}") from error
    for folder in ("data_dir", "models_dir"):
        require_possible(getattr(settings, folder) or Path(), folder)
    return settings


def _written() -> dict[str, Any]:
    try:
        return read_toml(Path(SETTINGS_FILE), SETTINGS)
    except NotFound:
        return {}


def _refuse_unknown_variables() -> None:
    known = [f"KTRDR_{name.upper()}" for name in Settings.model_fields]
    for name in os.environ:
        if name.upper().startswith("KTRDR_") and name.upper() not in known:
            raise InvalidInput(
                f"{name}: no setting has this name; known: {', '.join(known)}{did_you_mean(name, known)}"
            )
