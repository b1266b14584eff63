"""Reading ``symbol_overrides``: what differs by asset class or symbol, while the features stay the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ktrdr.domain.catalogue.indicators import INDICATORS, find_indicator
from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.values import coerced, fault
from ktrdr.domain.errors import did_you_mean, shown
from ktrdr.domain.market.characteristics import ASSET_CLASSES
from ktrdr.domain.strategy.document import FuzzySet, Indicator, MembershipFunction, Overrides, Strategy, SymbolOverrides
from ktrdr.domain.strategy.reading.decisions import COSTS, POSITION, SEPARATION, THRESHOLD, read_volume_filter
from ktrdr.domain.strategy.reading.fuzzy_sets import read_membership
from ktrdr.domain.strategy.reading.sections import Findings, Section
from ktrdr.domain.strategy.varying.for_symbol import SECTION
from ktrdr.domain.strategy.varying.override_checks import is_class, is_symbol, refuse_contradictions

LAYERS = {"defaults": ("default",), "asset_classes": ("asset_class",), "symbols": ("symbol",)}
"""The layers, the weakest first, with other spellings."""
PARTS = ("indicators", "fuzzy_sets", "training", "decisions")
_FIXED = {
    "nn_inputs": "the features would be others",
    "model": "all symbols share one model",
    **dict.fromkeys(("name", "description", "version", "scope", "training_data", "context_data", "deployment"), ""),
}
"""What an override may not hold, and why."""
_MAY = "may differ: parameters of indicators, fuzzy_sets, training.labels and decisions"
_OTHERS = "the features would be others"


def read_symbol_overrides(root: Section, strategy: Strategy, findings: Findings) -> SymbolOverrides:
    """Return the overrides that could be read; problems go into `findings`.

    Parameters
    ----------
    root : Section
        The document.
    strategy : Strategy
        What could be read of the rest of it.
    findings : Findings
    """
    section = root.section(SECTION)
    reader = _Reader(strategy, root, findings)
    layers = {name: section.section(_spelling(section, name)) for name in LAYERS}
    section.know(*LAYERS, *(other for names in LAYERS.values() for other in names))
    classes, symbols = _entries(section, layers, findings)
    section.warn_unknown()
    found = SymbolOverrides(
        reader.overrides(layers["defaults"]),
        {name: reader.overrides(own) for name, own in classes.items() if is_class(name, own, findings)},
        {name: reader.overrides(own) for name, own in symbols.items() if is_symbol(name, own, strategy, findings)},
    )
    if not findings.errors:
        refuse_contradictions(found, strategy, layers["defaults"], (classes, symbols), findings)
    return found


def _entries(
    section: Section, layers: Mapping[str, Section], findings: Findings
) -> tuple[dict[str, Section], dict[str, Section]]:
    """Return the entries of asset classes and of symbols, those beside the layers among them, each only once."""
    places = [(kind, layers[kind], name) for kind in ("asset_classes", "symbols") for name in layers[kind].values]
    for name, value in section.values.items():
        if name not in LAYERS and not did_you_mean(name, LAYERS) and isinstance(value, Mapping):
            places.append(("asset_classes" if name.casefold() in ASSET_CLASSES else "symbols", section, name))
    found: dict[str, dict[str, Section]] = {"asset_classes": {}, "symbols": {}}
    seen: dict[tuple[str, str], str] = {}
    for kind, owner, name in places:
        own, key = owner.section(name), (kind, name.casefold() if kind == "asset_classes" else name.removeprefix("^"))
        if key in seen:
            findings.error(own.path, f"is given twice, here and in {seen[key]}")
            continue
        seen[key] = own.path
        found[kind][key[1] if kind == "asset_classes" else name] = own
    return found["asset_classes"], found["symbols"]


class _Reader:
    """Reads one layer after the other against what the strategy defines."""

    def __init__(self, strategy: Strategy, root: Section, findings: Findings) -> None:
        self._strategy = strategy
        self._declared = {name: root.written(name) for name in ("indicators", "fuzzy_sets")}
        self._findings = findings
        self._origin = "command line" if SECTION in findings.overridden else SECTION

    def overrides(self, section: Section) -> Overrides:
        for name, reason in _FIXED.items():
            if section.get(name) is not None:
                _refuse(section, name, reason or "it belongs to the strategy as a whole")
        section.know(*PARTS)
        found = Overrides(
            self._indicators(section.section("indicators")),
            self._fuzzy_sets(section.section("fuzzy_sets")),
            self._labels(section),
            self._decisions(section.section("decisions")),
        )
        section.warn_unknown()
        return found

    def _indicators(self, section: Section) -> dict[str, dict[str, Any]]:
        found = {}
        for name in self._defined(section, "indicators", "indicator"):
            own, indicator = section.section(name), self._strategy.indicators.get(name)
            if indicator is not None:
                found[name] = self._indicator(own, indicator)
        return {name: parameters for name, parameters in found.items() if parameters}

    def _indicator(self, section: Section, indicator: Indicator) -> dict[str, Any]:
        written, spec = section.get("type"), INDICATORS[indicator.type]
        if written is not None and (not isinstance(written, str) or find_indicator(written) is not spec):
            _refuse(section, "type", f"{_OTHERS}, it is {spec.name!r} for every symbol")
        series = section.get("data_source")
        if series is not None and series != indicator.data_source:
            _refuse(section, "data_source", f"{_OTHERS}, every symbol reads the same series")
        scale = section.get("scale")
        if scale is not None and scale != indicator.parameters.get("scale", "none"):
            _refuse(section, "scale", "all symbols are scaled alike, or none is")
        return self._changed(section, spec.parameters)

    def _fuzzy_sets(self, section: Section) -> dict[str, dict[str, MembershipFunction]]:
        found = {}
        for name in self._defined(section, "fuzzy_sets", "fuzzy set"):
            own, fuzzy_set = section.section(name), self._strategy.fuzzy_sets.get(name)
            if fuzzy_set is not None:
                found[name] = self._memberships(own, fuzzy_set)
        return {name: memberships for name, memberships in found.items() if memberships}

    def _memberships(self, section: Section, fuzzy_set: FuzzySet) -> dict[str, MembershipFunction]:
        found = {}
        names = [part.name for part in fuzzy_set.memberships]
        for name, value in section.values.items():
            path = section.at(name)
            if name == "indicator":
                if value != fuzzy_set.reference.text:
                    _refuse(section, name, f"{_OTHERS}, the set lies over {fuzzy_set.reference.text!r}")
            elif name == "learnable":
                if value is not fuzzy_set.learnable:
                    _refuse(section, name, "all symbols share one model")
            elif name not in names:
                added = f"{shown(value)} would add a feature; the set has {', '.join(names)}"
                self._findings.error(path, f"{added}{did_you_mean(name, names)}")
            elif value is None:
                self._findings.error(path, "is empty: a membership cannot be left out, the features would be others")
            elif fuzzy_set.learnable:
                _refuse(section, name, "the set is learnable, and the model tunes it for all symbols together")
            elif (part := read_membership(name, value, path, self._findings)) is not None:
                found[name] = part
                self._note(path, list(part.parameters))
        return found

    def _labels(self, section: Section) -> dict[str, Any]:
        training = section.section("training")
        for name in training.values:
            if name != "labels" and training.get(name) is not None:
                _refuse(training, name, "all symbols are trained alike")
        own, labels = (training if "labels" in training else section).section("labels"), self._strategy.labels
        if not own.values or self._findings.refused("training.labels.source", "model.training.labels.source"):
            return {}
        spec = find_label(labels.source, labels.parameters.get("method"))
        for name, chosen in (("source", spec.source), ("method", spec.method)):
            written = own.get(name)
            if written is not None and not (isinstance(written, str) and written.casefold() == chosen):
                _refuse(own, name, f"all symbols have labels of one kind, {spec.key}")
        for name, reason in spec.without_effect.items():
            if name in own:
                self._findings.warning(own.at(name), reason)
        return self._changed(own, (item for item in spec.parameters if item.name != "method"))

    def _decisions(self, section: Section) -> dict[str, Any]:
        output_format = section.get("output_format")
        if output_format is not None and output_format != self._strategy.decisions.output_format:
            _refuse(section, "output_format", "all symbols have labels of one kind")
        unused = "cost_model" if self._strategy.decisions.output_format == "classification" else THRESHOLD.name
        if unused in section:
            kind = self._strategy.decisions.output_format
            self._findings.warning(section.at(unused), f"has no effect on {kind}")
        filters, costs = section.section("filters"), section.section("cost_model")
        found = self._changed(section, (THRESHOLD, *POSITION)) | self._changed(costs, COSTS)
        found |= {} if "volume_filter" not in filters else {"volume_filter": read_volume_filter(filters)}
        return found | self._changed(filters, (SEPARATION,))

    def _defined(self, section: Section, kind: str, word: str) -> Iterable[str]:
        """Return the names that the strategy defines, and note the others."""
        declared = self._declared[kind]
        for name in section.values:
            if name not in declared:
                known = f"defined: {', '.join(declared)}{did_you_mean(name, declared)}"
                self._findings.error(section.at(name), f"{word} {name!r} is not defined, {_OTHERS}; {known}")
        return [name for name in section.values if name in declared]

    def _changed(self, section: Section, parameters: Iterable[Parameter]) -> dict[str, Any]:
        """Return the parameters that are written, checked; whatever else is written is warned about."""
        values = {}
        for parameter in parameters:
            written = section.get(parameter.name, *parameter.aliases)
            message = None if written is None else fault(parameter, written)
            if message:
                self._findings.error(section.at(section.spelling(parameter)), message)
            elif written is not None:
                values[parameter.name] = coerced(parameter, written)
                self._note(section.at(parameter.name), values[parameter.name])
        section.warn_unknown()
        return values

    def _note(self, path: str, value: Any) -> None:
        self._findings.setting(path, value, self._origin)


def _refuse(section: Section, name: str, reason: str) -> None:
    section.findings.error(section.at(name), f"cannot be {shown(section.values[name])} here: {reason}; {_MAY}")


def _spelling(section: Section, layer: str) -> str:
    return next((name for name in (layer, *LAYERS[layer]) if name in section), layer)
