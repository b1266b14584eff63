"""What the development environment is made of: the lock file fits the project, and the bill of materials is valid."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from samples.command_line import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements-dev.lock").read_text()
PINS = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))
LEFT_OUT = {"torch"}  # which of its builds is installed depends on the machine; constraints.txt bounds it


def asked_for(texts: list[str]) -> list[Requirement]:
    """Return requirements, those of the extras that they name among them."""
    found = [Requirement(text) for text in texts]
    own = [extra for one in found if one.name == PROJECT["name"] for extra in sorted(one.extras)]
    others = [one for one in found if one.name != PROJECT["name"]]
    return others + [one for extra in own for one in asked_for(PROJECT["optional-dependencies"][extra])]


NEEDED = asked_for([*PROJECT["dependencies"], f"{PROJECT['name']}[dev]"])


@pytest.mark.parametrize("requirement", NEEDED, ids=lambda one: one.name)
def test_the_lock_pins_what_the_project_asks_for(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    if name in LEFT_OUT:
        assert name not in PINS
    else:
        assert PINS[name] in requirement.specifier, "make lock brings the lock file up to date"


def test_every_pin_has_hashes_and_no_line_names_a_place() -> None:
    entries = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PINS) > 80
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links", LOCK)


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the bill of materials that `make sbom` writes."""
    pytest.importorskip("cyclonedx_py")
    path = tmp_path_factory.mktemp("dist") / "ktrdr.cdx.json"
    words = command_of("sbom", "cyclonedx_py")
    words[words.index("--output-file") + 1] = str(path)
    words[words.index("--validate")] = "--no-validate"  # a test does it
    words[-1] = sys.executable
    subprocess.run([sys.executable, *words[1:]], cwd=ROOT, check=True)
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def command_of(target: str, word: str) -> list[str]:
    """Return the command of a target of the Makefile that holds a word."""
    printed = subprocess.run(["make", "-n", "-B", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in printed.splitlines() if word in line)
    return line.split()


def test_the_bill_of_materials_is_valid_cyclonedx(bill: dict[str, Any]) -> None:
    validation = pytest.importorskip("cyclonedx.validation.json")
    schema = pytest.importorskip("cyclonedx.schema").SchemaVersion
    validator = validation.JsonStrictValidator(schema.from_version(bill["specVersion"]))
    parts = [{**part, "externalReferences": []} for part in bill["components"]]  # slow; `make sbom` checks them
    assert validator.validate_str(json.dumps({**bill, "components": parts})) is None
    assert validator.validate_str('{"components": 1}') is not None


def test_the_bill_of_materials_names_every_package_and_what_the_program_needs(bill: dict[str, Any]) -> None:
    listed = {canonicalize_name(part["name"]): part["version"] for part in bill["components"]}
    here = {canonicalize_name(one.metadata["Name"]): one.version for one in distributions()}
    assert {name: number for name, number in here.items() if name != PROJECT["name"]}.items() <= listed.items()
    assert {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]} - LEFT_OUT <= listed.keys()
    root = bill["metadata"]["component"]
    assert (root["name"], root["version"]) == (PROJECT["name"], PROJECT["version"])
    assert str(ROOT) not in json.dumps(bill)
