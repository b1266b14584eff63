"""Reading ``model.members``: the models that a model of several is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.catalogue.models import MODEL_TYPES, find_model_type
from ktrdr.domain.catalogue.models.member_names import NAME, RESERVED
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.models.volatility import EWMA
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import did_you_mean, shown
from ktrdr.domain.problems import EMPTY
from ktrdr.domain.strategy.document import Labels, MemberModel, Model, NetworkInput, TrainingData
from ktrdr.domain.strategy.feature_ids import included_contexts
from ktrdr.domain.strategy.reading.architecture import read_architecture
from ktrdr.domain.strategy.reading.model import refuse_unfit
from ktrdr.domain.strategy.reading.sections import Findings, Section
from ktrdr.domain.strategy.reading.training import labels_refused, read_member_training

_WEIGHT = Parameter("weight", "float", 1.0, low=0, high=1e6, above=True, description="voting: what its vote counts")
_SEED = Parameter(
    "seed", "int", 0, low=0, high=10**9, description="added to `training.seed`; its place among the members by default"
)
MEMBER_PARAMETERS = (_SEED, _WEIGHT)
MOST_MEMBERS = 50


@dataclass(frozen=True, slots=True)
class MemberChoices:
    """What members may name.

    Attributes
    ----------
    inputs : tuple of str
        Entries of ``nn_inputs``, and contexts that are fed.
    symbols : tuple of str
        Those of the strategy; empty where it does not list them.
    """

    inputs: tuple[str, ...]
    symbols: tuple[str, ...]

    @classmethod
    def of(cls, entries: Sequence[NetworkInput], model: Model, data: TrainingData) -> MemberChoices:
        """Return what the members of a document may name."""
        names = dict.fromkeys((*(entry.name for entry in entries), *included_contexts(model.context)))
        return cls(tuple(names), data.symbols.symbols)


def read_members(
    parent: Section, model: Model, choices: MemberChoices, labels: Labels, command_line: Mapping[str, Any]
) -> tuple[MemberModel, ...]:
    """Return the members that could be read; their problems are noted.

    Parameters
    ----------
    parent : Section
        The document.
    model : Model
        How they are combined.
    choices : MemberChoices
    labels : Labels
        What they are fitted to.
    command_line : mapping
        Training settings that take precedence over the document.
    """
    findings, written = parent.findings, parent.written("model").get("members")
    entries = list(written.values()) if isinstance(written, Mapping) else written
    if not isinstance(entries, list | tuple) or not 1 <= len(entries) <= MOST_MEMBERS:
        message = f"must be a list of 1 to {MOST_MEMBERS} models {{type, ...}}, found {shown(written)}"
        findings.error("model.members", message)
        return ()
    _refuse_hard_votes(parent, model, labels)
    names = list(map(str, written)) if isinstance(written, Mapping) else [""] * len(entries)
    members: list[MemberModel] = []
    for place, (name, value) in enumerate(zip(names, entries, strict=True)):
        path = f"model.members.{name or EMPTY}" if isinstance(written, Mapping) else f"model.members[{place}]"
        if not isinstance(value, Mapping):
            findings.error(path, f"must be a mapping with at least a type, found {shown(value)}")
            continue
        entry = Section(value, path, findings)
        spec = _read_type(entry)
        if spec is not None:
            own = Section(entry.get("training"), f"{path}.training", findings)
            member = MemberModel(
                name or entry.text("name") or _free_name(spec, members),
                spec.name,
                read_architecture(entry, spec),
                read_member_training(parent, own, spec, labels, command_line),
                entry.read(replace(_SEED, default=place)),
                _read_inputs(entry, choices),
                _read_symbol(entry, choices),
                _read_weight(entry, model),
            )
            _check_name(entry, member.name, members)
            refuse_unfit(member.type, member.architecture, member.training, findings, path)
            members.append(member)
            entry.warn_unknown()
    findings.problems[:] = dict.fromkeys(findings.problems)
    return tuple(members)


def with_naive(model: Model, labels: Labels, findings: Findings) -> Model:
    """Return the model with what stands for the class shares where labels are of volatility: an EWMA, as a member.

    It is there once it is written out, so that such a document is read as the same.
    """
    wanted = model.architecture.get("prior") and "prior" not in MODEL_TYPES[model.type].idle(model.architecture)
    if not wanted or labels.source not in EWMA.labels:
        return model
    known = any(member.type == EWMA.name for member in model.members)
    naive = MemberModel(EWMA.name, EWMA.name, EWMA.example, {"loss": EWMA.losses["regression"][0]}, len(model.members))
    members = model.members if known else (*model.members, naive)
    findings.settings[:] = [item for item in findings.settings if item.path != "model.combine.prior"]
    findings.setting("model.combine.prior", False, f"labels of {labels.source}")
    return replace(model, architecture={**model.architecture, "prior": False}, members=members)


def _refuse_hard_votes(parent: Section, model: Model, labels: Labels) -> None:
    known = not labels_refused(parent.findings)
    if known and model.architecture.get("vote") == "hard" and _kind(labels) == "regression":
        parent.findings.error("model.combine.vote", "hard needs classes; a regression has vote: soft")


def _kind(labels: Labels) -> str:
    return find_label(labels.source, labels.parameters.get("method")).kind


def _read_type(entry: Section) -> ModelType | None:
    kind = entry.text("type", required=True)
    able = [item.name for item in MODEL_TYPES.values() if not item.of_members]
    spec = find_model_type(kind) if kind else None
    if kind and (spec is None or spec.of_members):
        reason = "is not known" if spec is None else "is made of members itself, which a member can not be"
        allowed = f"allowed: {', '.join(able)}{did_you_mean(kind, able)}"
        entry.findings.error(entry.at("type"), f"model type {kind!r} {reason}; {allowed}")
        return None
    if spec is not None:
        entry.findings.setting(entry.at("type"), spec.name, entry.path)
    return spec


def _read_weight(entry: Section, model: Model) -> float:
    method = model.architecture.get("method")
    if "weight" in entry and method != "voting":
        entry.know("weight")
        entry.findings.error(entry.at("weight"), f"counts in a vote, and the members are combined by {method}")
        return 1.0
    weight: float = entry.read(_WEIGHT)
    return weight


def _free_name(spec: ModelType, before: Sequence[MemberModel]) -> str:
    taken, number = {member.name.casefold() for member in before}, 1
    while (name := spec.name if number == 1 else f"{spec.name}_{number}") in taken:
        number += 1
    return name


def _check_name(entry: Section, name: str, before: Sequence[MemberModel]) -> None:
    path = entry.at("name")
    if not re.fullmatch(NAME, name):
        entry.findings.error(path, f"must be up to 40 letters, digits and _, a letter first, found {shown(name)}")
    elif name.casefold() in RESERVED:
        entry.findings.error(path, f"{name!r} is taken: it is the name of a member that every ensemble may have")
    elif any(name.casefold() == member.name.casefold() for member in before):
        entry.findings.error(path, f"{name!r} is the name of two members; give each its own")


def _read_inputs(entry: Section, choices: MemberChoices) -> tuple[str, ...]:
    known = choices.inputs
    written, path = entry.get("inputs"), entry.at("inputs")
    if written is None:
        return ()
    names: list[Any] = [written] if isinstance(written, str) else written
    if not isinstance(names, list | tuple) or not names:
        entry.findings.error(path, f"must be a list of names out of nn_inputs, found {shown(written)}")
        return ()
    for name in names:
        if name not in known and not entry.findings.refused_within("nn_inputs"):
            allowed = f"allowed: {', '.join(known)}{did_you_mean(name, known)}"
            entry.findings.error(path, f"{shown(name)} is none of the inputs; {allowed}")
    if len(set(map(str, names))) < len(names):
        entry.findings.error(path, f"lists an input twice: {shown(written)}")
    return tuple(name for name in known if name in names)


def _read_symbol(entry: Section, choices: MemberChoices) -> str:
    symbols = choices.symbols
    symbol = entry.text("symbol")
    if symbol and symbols and symbol not in symbols:
        allowed = f"allowed: {', '.join(symbols)}{did_you_mean(symbol, symbols)}"
        entry.findings.error(entry.at("symbol"), f"{symbol!r} is none of the strategy's symbols; {allowed}")
    return symbol
