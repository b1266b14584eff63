"""Whether what people read beside a model is about that model."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import yaml

from ktrdr.adapters.report.html import CONFIG, REPORT, render_config
from ktrdr.domain.artifacts.artifact import METRICS, Artifact
from ktrdr.domain.errors import CorruptArtifact

_TAG = re.compile(r"<[^>]*>")


def readable_problems(artifact: Artifact) -> Iterator[str]:
    """Yield a sentence where ``config.yaml`` holds another strategy, or ``report.html`` does not say the verdict.

    The rest of a page is not compared: pages of older versions look otherwise.
    """
    if CONFIG in artifact.blobs and not _is_strategy(artifact):
        yield f"{CONFIG} does not hold the strategy of the model"
    if REPORT in artifact.blobs and not all(part in _text(artifact) for part in _verdict(artifact).split(": ")):
        yield f"{REPORT} does not say the verdict of the model"


def _is_strategy(artifact: Artifact) -> bool:
    expected, found = render_config(artifact.manifest), artifact.blobs[CONFIG]
    if found == expected:
        return True
    if len(found) > 2 * len(expected):
        return False
    try:
        held: Any = yaml.safe_load(found)
        return bool(held == artifact.manifest.strategy)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError):
        return False


def _verdict(artifact: Artifact) -> str:
    try:
        sentence = artifact.document(METRICS)["verdict"]["sentence"]
    except (CorruptArtifact, KeyError, TypeError):
        return ""
    return _plain(sentence) if isinstance(sentence, str) else ""


def _text(artifact: Artifact) -> str:
    """Return a page without its tags."""
    return _plain(html.unescape(_TAG.sub("", artifact.blobs[REPORT].decode(errors="replace"))))


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())
