"""From a document to a strategy, or to all of its problems at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.errors import did_you_mean, shown
from ktrdr.domain.market.file_names import LONGEST, to_file_name
from ktrdr.domain.problems import InvalidStrategy, Problem
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.feature_ids import refuse_equal_ids
from ktrdr.domain.strategy.reading.context_data import read_context_data
from ktrdr.domain.strategy.reading.decisions import read_decisions
from ktrdr.domain.strategy.reading.deployment import read_deployment, warn_shut_out
from ktrdr.domain.strategy.reading.effects import warn_without_effect
from ktrdr.domain.strategy.reading.fuzzy_sets import read_fuzzy_sets
from ktrdr.domain.strategy.reading.indicators import read_indicators
from ktrdr.domain.strategy.reading.inputs import needed_definitions, read_inputs
from ktrdr.domain.strategy.reading.members import MemberChoices, read_members, with_naive
from ktrdr.domain.strategy.reading.model import read_model, refuse_learnable, refuse_unfit
from ktrdr.domain.strategy.reading.quality import read_quality
from ktrdr.domain.strategy.reading.sections import Findings, Section, TooManyErrorsError, warn_empty
from ktrdr.domain.strategy.reading.training import read_training
from ktrdr.domain.strategy.reading.training_data import read_training_data
from ktrdr.domain.strategy.varying.for_symbol import SECTION
from ktrdr.domain.strategy.varying.symbol_overrides import read_symbol_overrides

_KEPT = ("risk_management", "backtesting", "orchestrator")
_SCOPES = ("universal", "symbol_group", "symbol_specific")
_SECTIONS = ("training_data", "indicators", "fuzzy_sets", "nn_inputs", "model", "decisions", "training")
NAME_LENGTH = 100
TRIALS = "trials.jsonl"


def parse(
    document: Any,
    *,
    where: str = "strategy",
    command_line: Mapping[str, Any] | None = None,
    overridden: Mapping[str, str] | None = None,
) -> Strategy:
    """Return the strategy that a document describes.

    Parameters
    ----------
    document : object
        What the YAML holds.
    where : str
        Name of the file, for messages.
    command_line : mapping, optional
        Training settings that take precedence over the document (``epochs``, ``seed``).
    overridden : mapping, optional
        Paths that the command line has changed in the document already -> the option; named as such among the settings,
        and in place of the path where what it gave is wrong.

    Raises
    ------
    InvalidStrategy
        With every problem found.
    """
    options = overridden or {}
    findings = Findings(overridden=options)
    strategy = _read(document, command_line or {}, findings)
    if strategy is None or findings.errors:
        raise InvalidStrategy(_by_option(findings.errors, options), where)
    return replace(strategy, settings=tuple(findings.settings), warnings=_by_option(findings.warnings, options))


def _by_option(found: Iterable[Problem], options: Mapping[str, str]) -> tuple[Problem, ...]:
    return tuple(replace(problem, path=options.get(problem.path, problem.path)) for problem in found)


def problems(document: Any) -> tuple[Problem, ...]:
    """Return all errors and warnings of a document, in the order of its sections."""
    findings = Findings()
    _read(document, {}, findings)
    return (*findings.errors, *findings.warnings)


def _read(document: Any, command_line: Mapping[str, Any], findings: Findings) -> Strategy | None:
    try:
        return _read_sections(document, command_line, findings)
    except TooManyErrorsError:
        return None


def _read_sections(document: Any, command_line: Mapping[str, Any], findings: Findings) -> Strategy | None:
    if not isinstance(document, Mapping):
        found = "nothing" if document is None else shown(document)
        findings.error("", f"a strategy is a mapping with name, training_data, indicators, ...; found {found}")
        return None
    root = Section(document, "", findings)
    version = _read_version(root, findings)
    if isinstance(root.values.get("indicators"), list):
        findings.error("indicators", "is a list, as in strategies of version 2; run: ktrdr strategy migrate FILE")
        return None
    name = root.text("name", required=True, default="unnamed")
    if len(name) > NAME_LENGTH or not name.isprintable():
        findings.error("name", f"must be at most {NAME_LENGTH} printable characters, found {shown(name)}")
    elif len(to_file_name(name)) > LONGEST:
        findings.error("name", f"is too long for the name of a folder, found {shown(name)}; use plain letters")
    elif name == TRIALS:
        findings.error("name", f"{name!r} is taken: a file of this name lies beside the models")
    root.know(*_SECTIONS, SECTION)
    data = read_training_data(root, findings)
    context_data = read_context_data(root, findings)
    needs_indicators, needs_sets = needed_definitions(root)
    indicators = read_indicators(root, context_data, findings, required=needs_indicators)
    fuzzy_sets = read_fuzzy_sets(root, indicators, findings, required=needs_sets)
    entries = read_inputs(root, fuzzy_sets, indicators, data.timeframes, findings)
    model = read_model(root, findings)
    refuse_learnable(fuzzy_sets, model, findings)
    refuse_equal_ids(entries, fuzzy_sets, model, data.timeframes.base, findings)
    labels, split, training = read_training(root, command_line, findings)
    if MODEL_TYPES[model.type].of_members:
        choices = MemberChoices.of(entries, model, data)
        members = read_members(root, model, choices, labels, command_line)
        model = with_naive(replace(model, members=members), labels, findings)
    refuse_unfit(model.type, model.architecture, training, findings)
    decisions = read_decisions(root, labels, findings)
    kept = _read_kept(root, findings)
    quality = read_quality(root, findings)
    scope = _read_scope(root, findings)
    description = root.text("description")
    root.warn_unknown()
    warn_empty({name: value for name, value in document.items() if name not in _KEPT or value is None}, "", findings)
    strategy = Strategy(
        name, data, indicators, fuzzy_sets, entries, model, labels, split, training, decisions, description,
        version, scope, kept, context_data, quality=quality,
    )  # fmt: skip
    strategy = replace(strategy, symbol_overrides=read_symbol_overrides(root, strategy, findings))
    if not findings.errors:
        warn_without_effect(document, strategy, findings)
        warn_shut_out(strategy, findings)
    return strategy


def _read_version(root: Section, findings: Findings) -> str:
    written = root.get("version")
    text = "3.0" if written is None else written if isinstance(written, str) else shown(written)
    if isinstance(written, bool) or not re.fullmatch(r"3(\.[0-9]+)?", text):
        findings.error("version", f"{shown(written)} is not 3.0; run: ktrdr strategy migrate FILE")
    elif text not in {"3", "3.0"}:
        findings.warning("version", f"{shown(written)} is read as 3.0")
    return "3.0"


def _read_scope(root: Section, findings: Findings) -> str | None:
    scope = root.text("scope") or None
    if scope is not None and scope not in _SCOPES:
        allowed = f"allowed: {', '.join(_SCOPES)}{did_you_mean(scope, _SCOPES)}"
        findings.error("scope", f"{scope!r} is not known; {allowed}")
    return scope


def _read_kept(root: Section, findings: Findings) -> dict[str, Any]:
    deployment = read_deployment(root, findings)
    kept: dict[str, Any] = {} if deployment is None else {"deployment": dict(deployment)}
    for name in _KEPT:
        value = root.get(name)
        if value is not None:
            kept[name] = value
            findings.warning(name, "is kept in the model's metadata and has no effect on training in this version")
    return kept
