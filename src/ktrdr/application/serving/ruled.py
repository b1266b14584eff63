"""Rules of an opened model: chosen on its train and validation rows, measured there and on its test rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.serving.retraced import retraced
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.decisions.leaning import leaning
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.rules import RuleMeasure, measure, mine_rules
from ktrdr.domain.evaluation.terms import Term, linguistic_terms
from ktrdr.domain.features.learnable import resolved_matrix, tuned_features


@dataclass(frozen=True, slots=True)
class ExplainedRule:
    """A rule in words, and how it does on the rows it was chosen on and on test rows."""

    conditions: tuple[Term, ...]
    text: str
    then: str
    chosen_on: RuleMeasure
    test: RuleMeasure

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "text": self.text,
            "if": [
                {"fuzzy_set": term.fuzzy_set, "timeframe": term.timeframe, "membership": term.membership}
                for term in self.conditions
            ],
            "then": self.then,
            "train_validation": _measures(self.chosen_on),
            "test": _measures(self.test),
        }


@dataclass(frozen=True, slots=True)
class Ruled:
    """What was found.

    Attributes
    ----------
    rules : tuple of ExplainedRule
        The strongest first.
    shares : mapping of decision to two floats
        Share of the train and validation rows, and of the test rows, on which the model decides so.
    rows : tuple of int
        Train and validation rows, and test rows.
    notes : tuple of str
    """

    rules: tuple[ExplainedRule, ...]
    shares: dict[str, tuple[float, float]]
    rows: tuple[int, int]
    notes: tuple[str, ...]


def ruled(sources: PoolSources, opened: OpenedModel, top: int) -> Ruled:
    """Return up to `top` rules of a model, found on the bars that it was trained on.

    Raises
    ------
    DataNotFound, CorruptArtifact
    InvalidInput
        If the model reads no fuzzy set, its features can no longer be computed as in training, or the bars of its
        parts are gone.
    """
    if not reads_sets(opened):
        raise InvalidInput(f"{opened.manifest.model_name}: reads no fuzzy set, and rules are made of fuzzy sets")
    again = retraced(sources, opened)
    pool, split = again.pool, again.split
    rows = np.sort(np.concatenate([part.rows for part in split.parts.values()]))
    test = np.isin(rows, split.test)
    matrix = resolved_matrix(pool.matrix_at(rows), tuned_features(opened.features, opened.model.tuned))
    terms, holds = linguistic_terms(opened.strategy, matrix)
    outputs = opened.outputs(pool.values, rows)
    decided, seen = leaning(outputs, ~test, opened.target, opened.strategy.decisions), ~test
    decisions, rules = decided.decisions, []
    frames = len({term.timeframe for term in terms}) > 1
    for rule in mine_rules(holds[:, seen], [term.place for term in terms], decisions[seen], top):
        conditions, then = tuple(terms[term] for term in rule.terms), decided.names[rule.decision]
        text = f"IF {' AND '.join(term.text(frames) for term in conditions)} THEN {then.upper()}"
        measures = (measure(rule, holds[:, part], decisions[part]) for part in (seen, test))
        rules.append(ExplainedRule(conditions, text, then, *measures))
    shares = {
        name: (float((decisions[seen] == place).mean()), float((decisions[test] == place).mean()))
        for place, name in enumerate(decided.names)
    }
    return Ruled(tuple(rules), shares, (int(seen.sum()), int(test.sum())), (*again.notes, *decided.notes))


def reads_sets(opened: OpenedModel) -> bool:
    """Whether a model reads fuzzy sets."""
    return any(entry.kind == "fuzzy_set" for entry in opened.strategy.nn_inputs)


def _measures(found: RuleMeasure) -> dict[str, Any]:
    return {"rows": found.rows, "support": found.support, "agreement": found.agreement, "lift": found.lift}
