"""Ports bound to adapters, one line each; each module is imported when its adapter is first asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dependency_injector import containers
from dependency_injector.providers import Factory, Object, Singleton

from ktrdr.entrypoints.settings import Settings, load_settings

if TYPE_CHECKING:
    from ktrdr.adapters.execution.spawned import SpawnedMap
    from ktrdr.adapters.journal.kept import KeptModels
    from ktrdr.adapters.journal.trials import TrialLog
    from ktrdr.adapters.report.table_file import TableWriter
    from ktrdr.adapters.report.text_file import FileWriter
    from ktrdr.adapters.storage.filesystem import FileSystemStorage
    from ktrdr.adapters.storage.job_claims import JobClaims
    from ktrdr.adapters.storage.signatures import PublicKey
    from ktrdr.application.ports.bar_reader import BarReader
    from ktrdr.application.ports.bar_store import BarStore
    from ktrdr.application.ports.clock import Clock
    from ktrdr.application.ports.data_repository import DataRepository
    from ktrdr.application.ports.feature_engineer import FeatureEngineer
    from ktrdr.application.ports.frame_reader import ReadFrame
    from ktrdr.application.ports.journal import Journal
    from ktrdr.application.ports.model_storage import ModelStorage
    from ktrdr.application.ports.model_trainer import ModelTrainer
    from ktrdr.application.use_cases.backtest import BacktestReport
    from ktrdr.application.use_cases.check_data import QualityReport
    from ktrdr.application.use_cases.explain_global import GlobalExplanation
    from ktrdr.application.use_cases.list_models import Overview
    from ktrdr.application.use_cases.make_bars import HoldBars
    from ktrdr.application.use_cases.plot_indicator import IndicatorPlot
    from ktrdr.application.use_cases.plot_sets import SetPlots
    from ktrdr.application.use_cases.show_labels import LabelView
    from ktrdr.application.use_cases.verify_models import Readable, Seals
    from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
    from ktrdr.domain.artifacts.manifest import Manifest
    from ktrdr.domain.market.series import NotTaken
    from ktrdr.domain.market.sessions import Calendar
    from ktrdr.domain.training.pool.pool import Allocate


def lazy(target: str) -> Any:
    """Return a factory of ``module:name``, below ``ktrdr``, that imports the module when it is first called.

    Provider strings of the container's library import at once.
    """
    module, _, name = target.partition(":")

    def create(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(f"ktrdr.{module}"), name)(*args, **kwargs)

    return create


def _open_data(settings: Settings) -> DataRepository:
    from ktrdr.adapters.data.chain import ChainRepository
    from ktrdr.adapters.data.sources import repository_of

    if settings.data_dir is None:
        return ChainRepository([repository_of(name) for name in ("sample", "simulated")])
    return repository_of("folder", settings.data_dir)


def _open_journal(log: TrialLog, onlookers: Sequence[Journal]) -> Journal:
    """Return the journal of trials, and those who look on besides."""
    from ktrdr.adapters.journal.several import Journals
    from ktrdr.adapters.journal.trials import TrialJournal

    return Journals([TrialJournal(log), *onlookers])


class Adapters(containers.DeclarativeContainer):
    """Every outside thing by the name of its port."""

    settings: Singleton[Settings] = Singleton(load_settings)

    data_repository: Singleton[DataRepository] = Singleton(_open_data, settings)
    simulated_data: Factory[DataRepository] = Factory(lazy("adapters.data.sources:repository_of"), "simulated")
    clock: Object[Clock] = Object(time.time_ns)
    calendar: Object[Calendar] = Object(lazy("adapters.data.calendars:sessions_for"))
    bar_reader: Factory[BarReader] = Factory(lazy("adapters.data.files:FileReader"), settings.provided.data_dir)
    not_taken: Factory[tuple[NotTaken, ...]] = Factory(
        lazy("adapters.data.folder_listing:not_taken"), settings.provided.data_dir
    )
    read_frame: Object[ReadFrame] = Object(lazy("adapters.data.frames:read_frame"))
    hold_bars: Object[HoldBars] = Object(lazy("adapters.memory.bar_source:MemorySource"))
    bar_store: Singleton[BarStore] = Singleton(lazy("adapters.data.store:ParquetStore"), settings.provided.data_dir)

    feature_engineer: Singleton[FeatureEngineer] = Singleton(lazy("adapters.features.engineer:TalibFeatureEngineer"))

    model_trainer: Singleton[ModelTrainer] = Singleton(
        lazy("adapters.models.table:TableTrainer"), settings.provided.device
    )
    allocate: Object[Allocate] = Object(lazy("adapters.storage.scratch:scratch_matrix"))
    spawned: Object[type[SpawnedMap[Any, Any]]] = Object(lazy("adapters.execution.spawned:SpawnedMap"))

    trial_log: Singleton[TrialLog] = Singleton(lazy("adapters.journal.trials:TrialLog"), settings.provided.models_dir)
    onlookers: Object[tuple[Journal, ...]] = Object(())
    journal: Singleton[Journal] = Singleton(_open_journal, trial_log, onlookers)
    kept_models: Singleton[KeptModels] = Singleton(lazy("adapters.journal.kept:KeptModels"), trial_log)
    recorded_seals: Object[Seals] = Object(lazy("adapters.journal.seals:recorded_seals"))

    model_files: Singleton[FileSystemStorage] = Singleton(
        lazy("adapters.storage.filesystem:FileSystemStorage"), settings.provided.models_dir
    )
    model_storage: Singleton[ModelStorage] = Singleton(lazy("adapters.report.html:ReportingStorage"), model_files)
    readable_problems: Object[Readable] = Object(lazy("adapters.report.readable:readable_problems"))
    read_overview: Object[Callable[[StoredModel], Overview]] = Object(lazy("adapters.storage.overview:read_overview"))
    claimed: Singleton[JobClaims] = Singleton(
        lazy("adapters.storage.job_claims:JobClaims"), settings.provided.models_dir
    )
    require_writable: Object[Callable[[Path], None]] = Object(lazy("adapters.storage.folder:require_writable"))
    write_artifact: Object[Callable[[Path, Artifact], None]] = Object(lazy("adapters.storage.folder:write_artifact"))
    read_kept: Object[Callable[[Path], Artifact]] = Object(lazy("adapters.storage.kept:read_kept"))
    discard_kept: Object[Callable[[Path], None]] = Object(lazy("adapters.storage.kept:discard_kept"))
    make_key: Object[Callable[[Path], Path]] = Object(lazy("adapters.storage.signatures:make_key"))
    sign: Object[Callable[[Path, Manifest, Path], Path]] = Object(lazy("adapters.storage.signatures:sign"))
    public_key: Object[Callable[[Path], PublicKey]] = Object(lazy("adapters.storage.signatures:PublicKey"))
    signatures_beside: Object[Callable[[Path], Sequence[str]]] = Object(
        lazy("adapters.storage.signatures:signatures_beside")
    )

    read_document: Object[Callable[[Path], Any]] = Object(lazy("adapters.strategies.yaml_file:read_document"))
    find_lines: Object[Callable[[Path], Mapping[str, int]]] = Object(lazy("adapters.strategies.yaml_file:find_lines"))
    strategy_files: Object[Callable[[Path], Sequence[Path]]] = Object(
        lazy("adapters.strategies.yaml_file:strategy_files")
    )
    render_document: Object[Callable[[Any], str]] = Object(lazy("adapters.strategies.yaml_file:render_document"))
    replace_document: Object[Callable[[Path, Any], Path]] = Object(
        lazy("adapters.strategies.yaml_file:replace_document")
    )

    write_file: Singleton[FileWriter] = Singleton(lazy("adapters.report.text_file:FileWriter"))
    write_table: Singleton[TableWriter] = Singleton(lazy("adapters.report.table_file:TableWriter"))
    indicator_page: Object[Callable[[IndicatorPlot], bytes]] = Object(lazy("adapters.report.plots:indicator_page"))
    sets_page: Object[Callable[[SetPlots], bytes]] = Object(lazy("adapters.report.plots:sets_page"))
    labels_page: Object[Callable[[LabelView, int], bytes]] = Object(lazy("adapters.report.plots:labels_page"))
    explanation_page: Object[Callable[[GlobalExplanation], bytes]] = Object(
        lazy("adapters.report.explanations:explanation_page")
    )
    quality_page: Object[Callable[[QualityReport], bytes]] = Object(lazy("adapters.report.quality:quality_page"))
    backtest_page: Object[Callable[[BacktestReport], bytes]] = Object(lazy("adapters.report.backtests:backtest_page"))
