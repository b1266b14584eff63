"""The ``ktrdr`` command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

COMMANDS = {
    "train": "Train the models that a strategy describes, judge them, and publish them.",
    "predict": "Print signal, decision and probabilities of the newest bars, and the features behind the last one.",
    "backtest": (
        "Trade a stored model's decisions on bars that had no part in choosing it, and say what they would have earned."
    ),
    "strategy": "Check strategy files and show what they mean.",
    "indicators": "The indicators that a strategy may name; without a command, all of them.",
    "fuzzy": "Fuzzy sets over the values that their indicators really take.",
    "labels": "What a strategy asks a model to foresee.",
    "features": "Features for other tools.",
    "data": "Market bars: what there is, how good it is, and more of it.",
    "models": "List, show, verify, sign, publish and delete models.",
    "explain": "Say in words what a model does.",
}
"""Every command, or group of them, and its help; each is the module of that name."""
_PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}


class _Loaded(Mapping[str, "Command"]):
    """The commands by their names; the module of one is imported when it is first asked for."""

    def __getitem__(self, name: str) -> Command:
        if name not in COMMANDS:
            raise KeyError(name)
        module, alone = import_module(f"ktrdr.entrypoints.cli.{name}"), typer.Typer(**_PLAIN)
        if hasattr(module, "app"):
            alone.add_typer(module.app, name=name)
        else:
            alone.command(name)(getattr(module, name))
        return get_group(alone).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Lazy(TyperGroup):
    """Imports only the command that is run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast("dict[str, Command]", _Loaded())

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - as Typer asks
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """List the commands by the table alone."""
        stubs: dict[str, Command] = {name: TyperCommand(name, help=said) for name, said in COMMANDS.items()}
        TyperGroup(commands=stubs).format_commands(ctx, formatter)


app = typer.Typer(
    name="ktrdr",
    cls=_Lazy,
    help="Train trading models from one strategy file, and say honestly what they are worth.",
    no_args_is_help=True,
    **_PLAIN,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from ktrdr import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train trading models from one strategy file, and say honestly what they are worth."""
