"""Describe indicators: all that is known of them without computing any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.indicator_choice import completed, indicator_named
from ktrdr.domain.catalogue.indicators import IndicatorSpec
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.features.feature import Feature, Source


@dataclass(frozen=True, slots=True)
class IndicatorFacts:
    """One indicator, with the facts that hold at some parameters.

    Attributes
    ----------
    spec : IndicatorSpec
    parameters : mapping
        All parameters with their values.
    kernel : str
        Library, version and function that compute it.
    """

    spec: IndicatorSpec
    parameters: Mapping[str, Any]
    kernel: str

    @property
    def settled_bars(self) -> int | None:
        """Bar from which values no longer depend on where the series began; None where they always do."""
        return self.spec.settled_bars(self.parameters)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        spec = self.spec
        return {
            "type": spec.name,
            "aliases": list(spec.aliases),
            "category": spec.category,
            "description": spec.description,
            "reference": spec.reference,
            "parameters": [_parameter(item, self.parameters[item.name]) for item in spec.parameters],
            "outputs": list(spec.outputs),
            "inputs": list(spec.inputs),
            "first_value": spec.first_value(self.parameters),
            "settled_bars": self.settled_bars,
            "by_session": spec.by_session(self.parameters),
            "cumulative": spec.cumulative,
            "ratios": spec.ratios,
            "scale": spec.scale,
            "kernel": self.kernel,
        }


class DescribeIndicators:
    """Looks indicators up in the catalogue; their kernels are named by the feature engineer."""

    def __init__(self, features: FeatureEngineer) -> None:
        self._features = features

    def execute(self, name: str, given: Mapping[str, Any] | None = None) -> IndicatorFacts:
        """Return the facts of one indicator, at its defaults or with some parameters given.

        Parameters
        ----------
        name : str
            A type, or one of its other names; case does not count.
        given : mapping, optional
            Parameters by name.

        Raises
        ------
        InvalidInput
            If there is no such indicator or parameter, or a value is not allowed.
        """
        spec = indicator_named(name)
        parameters = completed(spec, given or {})
        source = Source(spec.name, parameters, spec.primary, "1d")
        return IndicatorFacts(spec, parameters, self._features.kernels([Feature(spec.name, "raw", source)])[spec.name])


def _parameter(item: Parameter, value: Any) -> dict[str, Any]:
    return {
        "name": item.name,
        "kind": item.kind,
        "default": item.default,
        "value": value,
        "low": item.low,
        "high": item.high,
        "above": item.above,
        "choices": list(item.choices),
        "aliases": list(item.aliases),
        "description": item.description,
    }
