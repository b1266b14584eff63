"""Reading one mapping of a document: every value checked, every key accounted for, every problem kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ktrdr.domain.catalogue.models import find_model_type, nearest_key, owners_of, section_of
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.values import coerced, fault
from ktrdr.domain.errors import did_you_mean, shown, unquoted
from ktrdr.domain.problems import EMPTY, OPTION, Problem
from ktrdr.domain.strategy.document import Setting

MOST_ERRORS = 1000
_LONGEST = 1000
"""Characters of a message."""


class TooManyErrorsError(Exception):
    """A document so wrong that reading on would only take time; its errors up to there are noted."""


@dataclass(slots=True)
class Findings:
    """What reading a document brought up: problems, and effective settings in the order they were read.

    `overridden` holds the paths that the command line has changed, with the option that changed each; `unread` those of
    values that were refused as a whole, so that nothing is said of what they lack.
    """

    problems: list[Problem] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    overridden: Mapping[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def setting(self, path: str, value: Any, origin: str) -> None:
        """Note an effective value; what the command line has overridden comes from there."""
        self.settings.append(Setting(path, value, "command line" if path in self.overridden else origin))

    def error(self, path: str, message: str) -> None:
        """Note that the document contradicts itself or the grammar."""
        if any(f"{path}.".startswith(f"{above}.") for above in self.unread):
            return
        if len(self.errors) == MOST_ERRORS:
            self.problems.append(Problem("", f"has more than {MOST_ERRORS} errors; mend these first"))
            raise TooManyErrorsError
        self.problems.append(Problem(path, _cut(message)))

    def warning(self, path: str, message: str) -> None:
        """Note that something is odd or without effect."""
        self.problems.append(Problem(path, _cut(message), "warning"))

    def refused(self, *paths: str) -> bool:
        """Return whether there is an error at one of these paths, so that what follows from it is not reported too."""
        return any(problem.path in paths for problem in self.errors)

    def refused_within(self, path: str) -> bool:
        """Return whether there is an error at this path or below it."""
        return any(f"{problem.path}.".startswith(f"{path}.") for problem in self.errors)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that refuse the document."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")


class Section:
    """A mapping of the document; remembers which keys were read, so that the rest can be warned about.

    `given` is false where the document has no such mapping.
    """

    def __init__(self, values: Any, path: str, findings: Findings) -> None:
        if values is not None and not isinstance(values, Mapping):
            findings.error(path, f"must be a mapping, found {shown(values)}")
            findings.unread.add(path)
            values = None
        self.given = values is not None
        self.values = _with_texts(values or {})
        self.path = path
        self.findings = findings
        self._known: set[str] = set()

    def __contains__(self, name: str) -> bool:
        """Whether the key is there with a value."""
        return self.values.get(name) is not None

    def at(self, name: str) -> str:
        """Return the dotted path of a key; two quotes stand for an empty one."""
        return f"{self.path}.{name or EMPTY}" if self.path else name or EMPTY

    def get(self, *names: str) -> Any:
        """Return the value of the first of these keys that is there, or None; all of them count as known."""
        given = [name for name in names if name in self]
        for name in given[1:]:
            self._warn_once(name, f"has no effect: {given[0]} is given too")
        self._known.update(names)
        return self.values[given[0]] if given else None

    def _warn_once(self, name: str, message: str) -> None:
        problem = Problem(self.at(name), message, "warning")
        if problem not in self.findings.problems:
            self.findings.problems.append(problem)

    def section(self, name: str) -> Section:
        """Return a nested mapping, empty where there is none."""
        return Section(self.get(name), self.at(name), self.findings)

    def written(self, name: str) -> Mapping[str, Any]:
        """Return a nested mapping as it stands, empty where there is none; whoever reads it notes its problems."""
        value = self.values.get(name)
        return _with_texts(value) if isinstance(value, Mapping) else {}

    def refuse_empty_names(self) -> None:
        """Refuse an entry that its author gave no name."""
        for name in self.values:
            if not name.strip():
                self.findings.error(self.at(name), "has no name; a name that reads as null stands in quotes")

    def origin(self, name: str) -> str:
        """Return where an effective value of this key comes from."""
        return (self.path or "document") if name in self else "default"

    def read(self, parameter: Parameter) -> Any:
        """Return a checked value or the default, and record it as an effective setting."""
        return read_layered(parameter, [(self, self.path or "document")], self.at(parameter.name), self.findings)

    def read_all(self, parameters: Iterable[Parameter]) -> dict[str, Any]:
        """Return all parameters by name, in the order given."""
        return {parameter.name: self.read(parameter) for parameter in parameters}

    def spelling(self, parameter: Parameter) -> str:
        """Return the name under which the document gives a parameter: its own, or an alias."""
        return next((name for name in (parameter.name, *parameter.aliases) if name in self), parameter.name)

    def text(self, name: str, *, required: bool = False, default: str = "") -> str:
        """Return a text; numbers and dates are not texts."""
        value = self.get(name)
        if value is None:
            if required:
                self.findings.error(self.at(name), "is required")
            return default
        if not isinstance(value, str) or not value.strip():
            self.findings.error(self.at(name), f"must be a text, found {shown(value)}{unquoted(value)}")
            return default
        return value

    def with_defaults(self, message: str, parameters: Iterable[Parameter], *about: str) -> str:
        """Return a message about several parameters that says which of them stand nowhere in the document.

        `about` names parameters that the message does not.
        """
        words = {*message.replace(",", " ").replace(";", " ").split(), *about}
        named = [item for item in parameters if item.name in words and self.spelling(item) not in self]
        silent = ", ".join(f"{item.name} {item.default}" for item in named)
        return f"{message} (not given, so its default: {silent})" if silent else message

    def know(self, *names: str) -> None:
        """Count keys as known without reading them."""
        self._known.update(names)

    def refuse_foreign(self, model: ModelType, keys: str) -> None:
        """Refuse every key that nobody read and that a model type has: among other keys of its own, or another type."""
        for name in self.values:
            if name in self._known or name not in self:
                continue
            section, others = section_of(name, model, keys), owners_of(name, keys)
            if section:
                message = f"is a key of {section}; write it there"
            elif others:
                hint = nearest_key(name, model, keys)
                message = f"is no key of model type {model.name}; it belongs to {', '.join(others)}{hint}"
            else:
                continue
            self.findings.error(self.at(name), message)
            self.know(name)

    def warn_unknown(self, also: Iterable[str] = ()) -> None:
        """Warn about every key that nobody read; `also` names further keys to suggest."""
        for name in self.values:
            if name not in self._known:
                hint = did_you_mean(name, {*self._known, *also})
                self.findings.warning(self.at(name), f"is not a known key and has no effect{hint}")


def named_model(root: Section) -> ModelType | None:
    """Return the model type that a document names, before ``model`` is read; None where it names none that is known."""
    kind = root.written("model").get("type")
    return find_model_type(kind) if isinstance(kind, str) else None


def warn_empty(value: Any, path: str, findings: Findings) -> None:
    """Warn about every key below a value that is there with nothing behind it; what is reported already is left."""
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if item is not None:
                warn_empty(item, f"{path}[{index}]", findings)
    elif isinstance(value, Mapping):
        section = Section(value, path, findings)
        for name, item in section.values.items():
            warn_empty(item, section.at(name), findings)
    elif value is None and not any(f"{problem.path}.".startswith(f"{path}.") for problem in findings.problems):
        findings.warning(path, "is empty and counts as not given")


def _cut(message: str) -> str:
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 4 :]}"


def _with_texts(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {"" if key is None else str(key): value for key, value in values.items()}


class Options(Section):
    """Settings from the command line; their paths are options."""

    def at(self, name: str) -> str:
        """Return the option that gives a setting."""
        return OPTION + name.replace("_", "-")


COMMAND_LINE = "command line"
"""The origin of a value that silences the document's own without a word: it was meant to."""


def read_layered(parameter: Parameter, layers: Iterable[tuple[Section, str]], path: str, findings: Findings) -> Any:
    """Return the value of the first layer that has the parameter, else its default; record value and origin."""
    found: tuple[Any, str] | None = None
    for section, origin in layers:
        value = section.get(parameter.name, *parameter.aliases)
        if value is not None and found is None:
            message = fault(parameter, value)
            if message:
                findings.error(section.at(section.spelling(parameter)), message)
            found = (parameter.default if message else coerced(parameter, value), origin)
        elif value is not None and found is not None and found[1] != COMMAND_LINE and value != found[0]:
            findings.warning(section.at(section.spelling(parameter)), f"has no effect: {path} has precedence")
    if found is None and parameter.required:
        findings.error(path, f"is required: {parameter.description}")
    value, origin = found or (parameter.default, "default")
    if found or not parameter.silent:
        findings.setting(path, value, origin)
    return value
