"""The composition root: the only module that names adapters, and the one public door.

Build it, override a port by name, ask for a use case::

    container = make_container(models_dir=Path("models"))
    container.data_repository.override(providers.Object(my_repository))
    result = container.training_orchestrator().execute(request)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dependency_injector import containers, providers

from ktrdr.entrypoints.settings import Settings, load_settings

if TYPE_CHECKING:
    from ktrdr.application.ports.data_repository import DataRepository
    from ktrdr.application.ports.journal import Journal


def _lazy(target: str) -> Callable[..., Any]:
    """Return a factory of ``module:name`` that imports the module when it is first called."""
    module, _, name = target.partition(":")

    def create(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), name)(*args, **kwargs)

    return create


def _open_data(settings: Settings) -> DataRepository:
    names, where = (
        (("sample", "simulated"), ()) if settings.data_dir is None else (("parquet", "csv"), (settings.data_dir,))
    )
    repository_of = _lazy("ktrdr.adapters.data.sources:repository_of")
    chain = _lazy("ktrdr.adapters.data.chain:ChainRepository")
    return chain([repository_of(name, *where) for name in names])  # type: ignore[no-any-return]


def _open_journal(log: Any, onlookers: tuple[Journal, ...]) -> Journal:
    """Return the journal of trials, and those who look on besides."""
    trials = _lazy("ktrdr.adapters.journal.trials:TrialJournal")(log)
    return _lazy("ktrdr.adapters.journal.several:Journals")([trials, *onlookers])  # type: ignore[no-any-return]


_TRAINING_PORTS = ("data_repository", "feature_engineer", "journal", "trial_log", "model_trainer", "model_storage")


def _run_jobs(container: Any) -> Callable[..., Any]:
    """Return what runs jobs side by side, in processes that build their container from the same settings."""
    spawned = _lazy("ktrdr.adapters.execution.spawned:SpawnedMap")
    lost = _lazy("ktrdr.application.training.outcomes:lost_job")
    reason = _why_in_process(container)
    run = spawned(partial(job_runner, container.settings()), lost, _workers, reason)
    if container.model_storage.overridden:  # models lie elsewhere, and so would the claims
        return run  # type: ignore[no-any-return]
    return lambda function, jobs: run(container.claimed()(function), jobs)


def _why_in_process(container: Any) -> str:
    """Return why jobs have to run in this process; empty if other processes can build the same container."""
    if not isinstance(container, containers.DynamicContainer):  # Self is not bound within a subclass
        return "the container is of a class of its own, which other processes cannot know"
    replaced = [name for name in _TRAINING_PORTS if getattr(container, name).overridden]
    return f"container.{replaced[0]} is overridden, which other processes cannot know" if replaced else ""


def _list_models(container: Any) -> Any:
    """Return the use case that lists models: straight from their files, unless they lie elsewhere."""
    use_case = _lazy("ktrdr.application.use_cases.list_models:ListModels")
    if container.model_storage.overridden:
        return use_case(container.model_storage())
    return use_case(container.model_files(), _lazy("ktrdr.adapters.storage.overview:read_overview"))


def _workers(jobs: Sequence[Any]) -> int | None:
    """Return how many processes the request of these jobs asks for."""
    workers: int | None = jobs[0].request.execution.workers
    return workers


class Container(containers.DeclarativeContainer):
    """Ports bound to adapters, and use cases bound to ports."""

    __self__ = providers.Self()
    settings = providers.Singleton(load_settings)

    data_repository = providers.Singleton(_open_data, settings)
    feature_engineer = providers.Singleton(_lazy("ktrdr.adapters.features.engineer:TalibFeatureEngineer"))
    trial_log = providers.Singleton(_lazy("ktrdr.adapters.journal.trials:TrialLog"), settings.provided.models_dir)
    onlookers: providers.Object[tuple[Any, ...]] = providers.Object(())
    journal = providers.Singleton(_open_journal, trial_log, onlookers)
    model_trainer = providers.Singleton(_lazy("ktrdr.adapters.models.table:TableTrainer"), settings.provided.device)
    model_files = providers.Singleton(
        _lazy("ktrdr.adapters.storage.filesystem:FileSystemStorage"), settings.provided.models_dir
    )
    model_storage = providers.Singleton(_lazy("ktrdr.adapters.report.html:ReportingStorage"), model_files)
    claimed = providers.Singleton(_lazy("ktrdr.adapters.storage.job_claims:JobClaims"), settings.provided.models_dir)
    run_jobs = providers.Callable(_run_jobs, __self__)
    allocate = providers.Object(_lazy("ktrdr.adapters.storage.scratch:scratch_matrix"))
    calendar = providers.Object(_lazy("ktrdr.adapters.data.calendars:sessions_for"))

    read_document = providers.Object(_lazy("ktrdr.adapters.strategies.yaml_file:read_document"))
    find_lines = providers.Object(_lazy("ktrdr.adapters.strategies.yaml_file:find_lines"))
    strategy_files = providers.Object(_lazy("ktrdr.adapters.strategies.yaml_file:strategy_files"))
    render_document = providers.Object(_lazy("ktrdr.adapters.strategies.yaml_file:render_document"))
    replace_document = providers.Object(_lazy("ktrdr.adapters.strategies.yaml_file:replace_document"))
    read_strategy = providers.Factory(
        _lazy("ktrdr.application.use_cases.read_strategy:ReadStrategy"), read_document, find_lines
    )
    check_strategies = providers.Factory(
        _lazy("ktrdr.application.use_cases.check_strategies:CheckStrategies"),
        strategy_files,
        read_document,
        find_lines,
    )
    diff_strategies = providers.Factory(_lazy("ktrdr.application.use_cases.diff_strategies:DiffStrategies"))
    write_file = providers.Singleton(_lazy("ktrdr.adapters.report.text_file:FileWriter"))
    new_strategy = providers.Factory(
        _lazy("ktrdr.application.use_cases.new_strategy:NewStrategy"), render_document, write_file
    )
    training_orchestrator = providers.Factory(
        _lazy("ktrdr.application.use_cases.train:TrainingOrchestrator"),
        data_repository,
        feature_engineer,
        model_trainer,
        model_storage,
        journal,
        run_jobs,
        allocate,
        calendar,
    )
    job_trainer = providers.Factory(
        _lazy("ktrdr.application.training.job:JobTrainer"),
        data_repository,
        feature_engineer,
        model_trainer,
        model_storage,
        journal,
        allocate,
        calendar,
    )
    dry_run = providers.Factory(
        _lazy("ktrdr.application.use_cases.dry_run:DryRun"), data_repository, feature_engineer, allocate, calendar
    )
    export_features = providers.Factory(
        _lazy("ktrdr.application.use_cases.export_features:ExportFeatures"), data_repository, feature_engineer
    )
    load_model = providers.Factory(
        _lazy("ktrdr.application.use_cases.load_model:LoadModel"), data_repository, model_storage
    )
    predict = providers.Factory(
        _lazy("ktrdr.application.use_cases.predict:Predict"),
        data_repository,
        feature_engineer,
        model_trainer,
        model_storage,
    )
    backtest = providers.Factory(
        _lazy("ktrdr.application.use_cases.backtest:Backtest"),
        data_repository,
        feature_engineer,
        model_trainer,
        model_storage,
    )
    open_predictor = providers.Factory(
        _lazy("ktrdr.application.use_cases.open_predictor:OpenPredictor"),
        data_repository,
        feature_engineer,
        model_trainer,
        model_storage,
        calendar,
    )
    explain_rules = providers.Factory(
        _lazy("ktrdr.application.use_cases.explain_rules:ExplainRules"),
        data_repository,
        feature_engineer,
        model_trainer,
        model_storage,
        calendar,
    )
    make_key = providers.Object(_lazy("ktrdr.adapters.storage.signatures:make_key"))
    signature_problem = providers.Object(_lazy("ktrdr.adapters.storage.signatures:signature_problem"))
    sign_models = providers.Factory(
        _lazy("ktrdr.application.use_cases.sign_models:SignModels"),
        model_storage,
        providers.Object(_lazy("ktrdr.adapters.storage.signatures:sign")),
    )
    publish_kept = providers.Factory(
        _lazy("ktrdr.application.use_cases.publish_kept:PublishKept"),
        model_storage,
        journal,
        providers.Object(_lazy("ktrdr.adapters.storage.kept:read_kept")),
        providers.Object(_lazy("ktrdr.adapters.storage.kept:discard_kept")),
    )
    list_models = providers.Callable(_list_models, __self__)
    recorded_seals = providers.Object(_lazy("ktrdr.adapters.journal.seals:recorded_seals"))
    verify_models = providers.Factory(
        _lazy("ktrdr.application.use_cases.verify_models:VerifyModels"),
        model_storage,
        model_trainer,
        recorded_seals,
    )
    describe_indicators = providers.Factory(
        _lazy("ktrdr.application.use_cases.describe_indicators:DescribeIndicators"), feature_engineer
    )
    plot_indicator = providers.Factory(
        _lazy("ktrdr.application.use_cases.plot_indicator:PlotIndicator"), data_repository, feature_engineer
    )
    plot_sets = providers.Factory(
        _lazy("ktrdr.application.use_cases.plot_sets:PlotSets"), data_repository, feature_engineer
    )
    fit_sets = providers.Factory(
        _lazy("ktrdr.application.use_cases.fit_sets:FitSets"), data_repository, feature_engineer
    )
    show_labels = providers.Factory(_lazy("ktrdr.application.use_cases.show_labels:ShowLabels"), data_repository)
    indicator_page = providers.Object(_lazy("ktrdr.adapters.report.plots:indicator_page"))
    sets_page = providers.Object(_lazy("ktrdr.adapters.report.plots:sets_page"))
    labels_page = providers.Object(_lazy("ktrdr.adapters.report.plots:labels_page"))
    backtest_page = providers.Object(_lazy("ktrdr.adapters.report.backtests:backtest_page"))
    write_table = providers.Singleton(_lazy("ktrdr.adapters.report.table_file:TableWriter"))
    require_writable = providers.Object(_lazy("ktrdr.adapters.storage.folder:require_writable"))
    write_artifact = providers.Object(_lazy("ktrdr.adapters.storage.folder:write_artifact"))

    bar_store = providers.Singleton(_lazy("ktrdr.adapters.data.store:ParquetStore"), settings.provided.data_dir)
    import_bars = providers.Factory(
        _lazy("ktrdr.application.use_cases.import_bars:ImportBars"),
        providers.Factory(_lazy("ktrdr.adapters.data.files:FileReader")),
        bar_store,
    )
    simulated_data = providers.Factory(_lazy("ktrdr.adapters.data.sources:repository_of"), "simulated")
    copy_bars = providers.Factory(_lazy("ktrdr.application.use_cases.copy_bars:CopyBars"), store=bar_store)


def job_runner(settings: Settings) -> Callable[[Any], Any]:
    """Return what attempts jobs, in a process that was started for them."""
    container = Container()
    container.settings.override(providers.Object(settings))
    attempt: Callable[[Any], Any] = container.claimed()(container.job_trainer().attempt)
    return attempt


def make_container(**settings: Any) -> Container:
    """Return a container; settings that are None count as not given.

    Raises
    ------
    InvalidInput
        If a setting is unknown or of the wrong kind.
    """
    container = Container()
    loaded = load_settings(**settings)
    container.settings.override(providers.Object(loaded))
    return container
