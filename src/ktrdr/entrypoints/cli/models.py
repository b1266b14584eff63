"""The ``ktrdr models`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ktrdr.domain.errors import InvalidInput
from ktrdr.entrypoints.cli.exit_codes import EXIT_CODES
from ktrdr.entrypoints.cli.options import AsOf, DataDir, Json, ModelsDir, Prefer
from ktrdr.entrypoints.cli.render import emit, say
from ktrdr.entrypoints.cli.session import open_container, strategy_of

if TYPE_CHECKING:
    from ktrdr.application.use_cases.verify_models import ModelCheck

app = typer.Typer(no_args_is_help=True, help="List, show, verify, sign, publish and delete models.")

_HELP = "strategy/SYMBOL_TIMEFRAME_vN, strategy/universal_vN, ..._latest, or the path of a model folder."
Model = Annotated[str, typer.Argument(help=_HELP)]


@app.command("list")
def list_models(models_dir: ModelsDir = None, json: Json = False) -> None:
    """List all published versions with their verdicts; ``*`` marks the latest."""
    from ktrdr.entrypoints.cli.model_text import list_text

    models = open_container(models_dir=models_dir).list_models().execute()
    for model in models:
        if model.problem:
            say(f"warning: {model.stored.reference}: {model.problem}")
    emit(models.as_dict(), list_text(models), json)


@app.command()
def show(model: Model, models_dir: ModelsDir = None, json: Json = False) -> None:
    """Show what a model is, what it was made from, and what it was found to be worth."""
    from ktrdr.entrypoints.cli.model_text import show_text

    shown = open_container(models_dir=models_dir).show_model().execute(model)
    emit(shown.as_dict(), show_text(shown), json)


@app.command()
def which(
    strategy: Annotated[str, typer.Argument(help="Name of a strategy that has models, or its file (YAML).")],
    symbol: Annotated[str | None, typer.Option(help="Symbol to serve; needed with a name.")] = None,
    timeframe: Annotated[
        str | None, typer.Option(help="Base timeframe [default: the file's, or the only one].")
    ] = None,
    as_of: AsOf = None,
    prefer: Prefer = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Say which model of a strategy serves a symbol, why this one, and what was passed over."""
    from ktrdr.application.use_cases.load_model import LoadRequest
    from ktrdr.entrypoints.cli.model_text import which_text

    container = open_container(data_dir=data_dir, models_dir=models_dir)
    name, symbol, timeframe = strategy_of(container, strategy, symbol, timeframe)
    if symbol is None:
        raise InvalidInput(f"models which {name}: give a symbol (--symbol)")
    loaded = container.load_model().execute(LoadRequest(name, symbol, timeframe, as_of, prefer))
    emit(loaded.as_dict(), which_text(loaded), json)


@app.command()
def verify(
    models: Annotated[list[str] | None, typer.Argument(metavar="MODEL", help=_HELP)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Verify every published version.")] = False,
    key: Annotated[
        Path | None, typer.Option(readable=False, help="Public key (PEM); every model must be signed by its owner.")
    ] = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> int:
    """Check that models are what was published, do not contradict themselves, and predict."""
    if bool(models) == everything:
        raise InvalidInput("models verify: name models, or give --all")
    container = open_container(models_dir=models_dir)
    signer = None if key is None else container.public_key()(key)
    checks = container.verify_models().execute(models or None, signer)
    lines = [f"{check.reference}: {said}" for check in checks for said in _said(check)]
    emit(checks.as_dict(), "\n".join(lines or ["no models"]), json)
    return 0 if checks.valid else EXIT_CODES["invalid_input"]


@app.command()
def keygen(
    key: Annotated[Path, typer.Argument(readable=False, help="File for the private key; the public one: ...pub")],
    json: Json = False,
) -> None:
    """Make a pair of keys to sign models with: a private one to keep, a public one to give away."""
    public = open_container().make_key()(key)
    emit({"private": str(key), "public": str(public)}, f"private    {key}\npublic     {public}", json)


@app.command()
def sign(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help=_HELP)],
    key: Annotated[Path, typer.Option(readable=False, help="Private key (PEM).")],
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Vouch for models with a private key: a signature is written beside each."""
    signed = open_container(models_dir=models_dir).sign_models().execute(models, key)
    payload = [{"reference": reference, "signature": str(place)} for reference, place in signed.items()]
    emit({"signed": payload}, "\n".join(f"{name}: {place}" for name, place in signed.items()), json)


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(readable=False, help="Where an error said that its files are kept.")],
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Publish a model that could not be published when it was trained; the folder with its files is removed."""
    stored = open_container(models_dir=models_dir).publish_kept().execute(folder)
    emit({"published": stored.as_dict()}, f"published {stored.reference}", json)


@app.command()
def delete(
    model: Model,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Delete one version; its number is not used again, and the record of its training stays."""
    if json and not yes:
        raise InvalidInput("models delete --json asks nobody: add --yes")
    if not yes:
        typer.confirm(f"Delete {model} for good?", abort=True, err=True)
    stored = open_container(models_dir=models_dir).model_storage().delete(model)
    if stored.is_latest:
        say(f"note: {stored.key.reference(None)} is gone until the next training")
    payload = {**stored.as_dict(), "latest": stored.is_latest}
    emit({"deleted": payload}, f"deleted {stored.reference}", json)


def _said(check: ModelCheck) -> tuple[str, ...]:
    if check.problems:
        return check.problems
    by = check.signed_by
    signed = f", signed with {by.name} (key {by.id})" if by else ""
    return tuple(f"sound, but {note}" for note in check.notes) or (f"as it was published{signed}",)
