"""Whether the files of a model tell one story: what one of them says twice, or two of them, must agree.

Checksums show that nothing was damaged. Whoever can write a model's files can also write new checksums; these checks
make a forger change everything that hangs together, and only a record elsewhere, or a signature, tells for sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ktrdr.domain.artifacts.artifact import IMPORTANCE, METRICS, Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.metrics_consistency import metrics_problems
from ktrdr.domain.artifacts.reference import REFERENCE
from ktrdr.domain.artifacts.symbol_files import SYMBOLS
from ktrdr.domain.artifacts.verdict_consistency import close, diagnosis_problems, verdict_problems
from ktrdr.domain.catalogue.models import model_type
from ktrdr.domain.errors import CorruptArtifact
from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.splits.parted import PARTS

_OF_MEMBER = ("name", "type", "architecture")
MOMENTS = ("fitted_until", "selected_until", "judged_until")
Report = Mapping[str, Any]


def consistency_problems(artifact: Artifact) -> Iterator[str]:
    """Yield a sentence for each contradiction between manifest, metrics and importance."""
    try:
        report, importance, reference = map(artifact.document, (METRICS, IMPORTANCE, REFERENCE))
    except CorruptArtifact as error:
        yield str(error)
        return
    manifest = artifact.manifest
    checks: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
        ("the three moments", lambda: _moments(manifest)),
        ("split", lambda: _split(manifest)),
        ("sections of the strategy", lambda: _sections(manifest)),
        (f"rows of {METRICS}", lambda: _rows(manifest, report)),
        (f"metrics of {METRICS}", lambda: metrics_problems(manifest, report)),
        (f"verdict of {METRICS}", lambda: verdict_problems(manifest, report)),
        (f"diagnosis of {METRICS}", lambda: diagnosis_problems(report)),
        ("data", lambda: _data(manifest)),
        (REFERENCE, lambda: _promise(report, reference)),
        ("seeds", lambda: _seeds(manifest, report)),
        (IMPORTANCE, lambda: _importance(manifest, importance)),
        (SYMBOLS, lambda: _symbols(manifest, artifact.document(SYMBOLS))),
    )
    for name, check in checks:
        try:
            yield from check()
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError, OverflowError) as error:
            yield f"{name}: not what a training writes ({type(error).__name__}: {str(error)[:80]})"


def _moments(manifest: Manifest) -> Iterator[str]:
    """Ask that moments are in order, and those of the split, or later where the model began with another one."""
    own = [from_iso(getattr(manifest, name)) for name in MOMENTS]
    if own != sorted(own):
        yield "fitted_until, selected_until and judged_until are not in this order"
    begun = "initialised_from" in manifest.model
    for name, moment in zip(MOMENTS, own, strict=True):
        of_split = from_iso(manifest.split[name])
        if moment != of_split and not (begun and moment > of_split):
            yield f"{name} is {getattr(manifest, name)}, of its split {manifest.split[name]}"


def _split(manifest: Manifest) -> Iterator[str]:
    """Ask that the parts follow each other, cut where the split says, and end before what they have seen."""
    parts, cuts = manifest.split["parts"], [from_iso(cut) for cut in manifest.split["cuts"]]
    limits = [*cuts, None]
    if list(parts) != list(PARTS) or len(cuts) != len(PARTS) - 1:
        yield f"split: must have the parts {', '.join(PARTS)} and the cuts between them"
        return
    begins = None
    for name, moment, limit in zip(PARTS, MOMENTS, limits, strict=True):
        first, last = from_iso(parts[name]["first"]), from_iso(parts[name]["last"])
        seen = from_iso(manifest.split[moment])
        if not first <= last <= seen or (begins is not None and first < begins):
            yield f"split: part {name} begins before its cut, or ends before it begins or after {moment}"
        if limit is not None and last >= limit:
            yield f"split: part {name} reaches over the cut behind it"
        if not _is_count(parts[name]["rows"]) or not parts[name]["rows"]:
            yield f"split: part {name} has no rows"
        begins = limit


def _data(manifest: Manifest) -> Iterator[str]:
    """Ask that the bars of each symbol reach over the rows that were made of them, and are no fewer."""
    base = manifest.timeframe or manifest.strategy["training_data"]["timeframes"]["base_timeframe"]
    origin = manifest.data_origins.get(base, base)
    read_as = base if origin == "native" else origin
    series = {entry["symbol"]: entry for entry in manifest.data if entry["timeframe"] == read_as}
    if manifest.symbol is not None:
        if manifest.symbol not in series:
            yield f"data: there are no {read_as} bars of {manifest.symbol}"
            return
        yield from _reach(manifest, series[manifest.symbol], max(Timeframe(base).ns, NS_PER_DAY))
    for symbol, counts in manifest.split.get("symbols", {}).items():
        if symbol in series and sum(counts.values()) > series[symbol]["rows"]:
            yield f"data: {symbol} has fewer bars than rows"
    for symbol, profile in (manifest.symbols or {}).items():
        found = series.get(symbol) if read_as == base else None
        if found and (profile["bars"] > found["rows"] or from_iso(profile["first"]) < from_iso(found["first"])):
            yield f"data: the profile of {symbol} is of other bars"


def _reach(manifest: Manifest, series: Mapping[str, Any], slack: int) -> Iterator[str]:
    """Ask that bars begin before the train rows and end after the test rows; a day's stamp is not a moment of it."""
    parts = manifest.split["parts"]
    if sum(part["rows"] for part in parts.values()) > series["rows"]:
        yield f"data: {series['symbol']} has fewer bars than rows"
    if "first" not in series and "last" not in series:
        return
    first, last = from_iso(series["first"]), from_iso(series["last"])
    if first > from_iso(parts["train"]["first"]) + slack or last < from_iso(parts["test"]["last"]) - slack:
        yield f"data: the bars of {series['symbol']} do not reach over the rows of the split"


def _sections(manifest: Manifest) -> Iterator[str]:
    """Ask that what stands in the manifest and in its strategy is the same."""
    strategy = manifest.strategy
    model, section = strategy["model"], model_type(manifest.model["type"]).section
    learned = any("learnable" in entry for entry in manifest.feature_contract)
    pairs = {
        "strategy_name": (manifest.strategy_name, strategy["name"]),
        "indicators": (manifest.indicators, strategy["indicators"]),
        "nn_inputs": (manifest.nn_inputs, strategy["nn_inputs"]),
        "model.type": (manifest.model["type"], model["type"]),
        f"model.{section}": (manifest.model["architecture"], model[section]),
        "model.members": (
            [tuple(item[name] for name in _OF_MEMBER) for item in manifest.model.get("members", ())],
            [tuple(item[name] for name in _OF_MEMBER) for item in model.get("members", ())],
        ),
        "model.forecast_steps": (
            manifest.model.get("forecast_steps", []),
            _ascending(_at(strategy, "training.forecast_steps") or []),
        ),
        "fuzzy_sets": (manifest.fuzzy_sets, manifest.fuzzy_sets if learned else strategy["fuzzy_sets"]),
    }
    for name, (own, other) in pairs.items():
        if own != other:
            yield f"{name} is not what its strategy says"
    for path, setting in manifest.settings.items():
        written = _at(strategy, path)
        if isinstance(written, int | float | str) and setting["value"] != written:
            yield f"settings: {path} is not what its strategy says"


def _ascending(steps: Any) -> Any:
    return sorted(steps) if isinstance(steps, list) and all(type(step) is int for step in steps) else steps


def _at(document: Any, path: str) -> Any:
    """Return what stands at a dotted path of a document; None for nothing."""
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _rows(manifest: Manifest, report: Report) -> Iterator[str]:
    """Ask that all that counts the test rows counts them alike."""
    rows, metrics = manifest.split["parts"]["test"]["rows"], report["metrics"]
    counts = {"rows": report["rows"]}
    if manifest.target["kind"] == "classification":
        counts["calibration"] = sum(found["rows"] for found in report["calibration"])
        counts["confusion_matrix"] = sum(sum(row) for row in metrics["confusion_matrix"])
        counts["per_class"] = sum(found["support"] for found in metrics["per_class"].values())
    for name, count in counts.items():
        if count != rows:
            yield f"{METRICS}: {name} counts {count} test rows, the split {rows}"


def _promise(report: Report, reference: Report) -> Iterator[str]:
    """Ask that what is promised by the test rows is what was judged on them."""
    if not reference:
        return
    promised = reference["promise"]["test"]
    if not close(promised["loss"], report["verdict"]["loss"]) or promised["rows"] != report["rows"]:
        yield f"{REFERENCE}: its promise is not the loss that the verdict names"


def _seeds(manifest: Manifest, report: Report) -> Iterator[str]:
    written = manifest.strategy.get("training", {}).get("seed", manifest.seed)
    if not manifest.seed == manifest.settings["training.seed"]["value"] == written:
        yield "seed is not that of the settings, or of the strategy"
    if report["seeds"]:
        shipped = [found for found in report["seeds"] if found["shipped"]]
        if len(shipped) != 1 or (shipped[0]["seed"], shipped[0]["metrics"]) != (manifest.seed, report["metrics"]):
            yield f"{METRICS}: the shipped one of its seeds is not this model"


def _importance(manifest: Manifest, importance: Report) -> Iterator[str]:
    found = [entry["id"] for entry in importance.get("features", ())]
    if found and found != _columns(manifest):
        yield f"{IMPORTANCE} is not about the features of the model"


def _symbols(manifest: Manifest, symbols: Report) -> Iterator[str]:
    """Ask that the rows of each symbol, which a universal model counts twice, add up to those of the parts."""
    if not symbols:
        return
    counts = manifest.split["symbols"]
    if counts != {name: entry["rows"] for name, entry in symbols.items()}:
        yield f"{SYMBOLS}: the rows of its symbols are not those of the split"
    for part in PARTS[:-1]:
        if sum(found[part] for found in counts.values()) != manifest.split["parts"][part]["rows"]:
            yield f"split: the {part} rows of its symbols are not those of the part"


def _columns(manifest: Manifest) -> list[str]:
    return manifest.input_columns or manifest.resolved_features


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0
