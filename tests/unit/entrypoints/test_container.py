"""The container gives what its annotations promise, which is what mypy sees of it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers

from ktrdr.domain.errors import InvalidInput
from ktrdr.entrypoints.container import Container, make_container
from ktrdr.entrypoints.container.adapters import Adapters

PROMISED = {**Adapters.__annotations__, **Container.__annotations__}
VERBS = [name for name, kind in Container.__annotations__.items() if name not in {"__self__", "run_jobs", "bars_of"}]


@pytest.fixture
def container(tmp_path: Path) -> Container:
    """Return a container over a folder of bars."""
    return make_container(data_dir=tmp_path, models_dir=tmp_path / "models")


@pytest.mark.parametrize("name", VERBS)
def test_each_use_case_is_of_the_promised_class(name: str, container: Container) -> None:
    source = {"source": container.data_repository()} if name == "copy_bars" else {}
    made = getattr(container, name)(**source)
    assert PROMISED[name].endswith(f"[{type(made).__name__}]")


@pytest.mark.parametrize("name", [name for name in Adapters.__annotations__ if name not in {"settings", "onlookers"}])
def test_each_adapter_is_what_is_promised(name: str, container: Container) -> None:
    arguments: dict[str, Any] = {"symbols": ["SIM"], "bars": 20} if name == "simulated_data" else {}
    made = getattr(container, name)(**arguments)
    kind, wanted = re.fullmatch(r"(\w+)\[(.+)\]", PROMISED[name]).groups()  # type: ignore[union-attr]
    if kind == "Object":
        assert callable(made)
    else:
        assert wanted.partition("[")[0] in {"Mapping", *(base.__name__ for base in inspect.getmro(type(made)))}


def test_every_provider_says_what_it_gives() -> None:
    assert {name for name in Container.providers if name != "__self__"} <= PROMISED.keys()


@pytest.mark.parametrize("port", ["data_repository", "feature_engineer", "model_trainer", "model_storage"])
def test_a_port_is_overridden_by_name(port: str, container: Container) -> None:
    mine = object()
    with getattr(container, port).override(providers.Object(mine)):
        assert mine in vars(container.predict()).values()
    assert mine not in vars(container.predict()).values()


def test_a_wrong_setting_is_refused() -> None:
    with pytest.raises(InvalidInput, match="model_dir"):
        make_container(model_dir="x")
