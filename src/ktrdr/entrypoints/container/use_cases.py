"""Use cases bound to ports, one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dependency_injector import containers, providers
from dependency_injector.providers import Factory

from ktrdr.entrypoints.container.adapters import Adapters as Of
from ktrdr.entrypoints.container.adapters import lazy
from ktrdr.entrypoints.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from ktrdr.application.training.job import JobTrainer
    from ktrdr.application.training.outcomes import JobOutcome
    from ktrdr.application.use_cases.backtest import Backtest
    from ktrdr.application.use_cases.check_data import CheckData
    from ktrdr.application.use_cases.check_strategies import CheckStrategies
    from ktrdr.application.use_cases.copy_bars import CopyBars
    from ktrdr.application.use_cases.describe_indicators import DescribeIndicators
    from ktrdr.application.use_cases.diff_strategies import DiffStrategies
    from ktrdr.application.use_cases.dry_run import DryRun
    from ktrdr.application.use_cases.explain_decision import ExplainDecision
    from ktrdr.application.use_cases.explain_global import ExplainGlobal
    from ktrdr.application.use_cases.explain_rules import ExplainRules
    from ktrdr.application.use_cases.export_features import ExportFeatures
    from ktrdr.application.use_cases.fit_sets import FitSets
    from ktrdr.application.use_cases.import_bars import ImportBars
    from ktrdr.application.use_cases.list_bars import ListBars
    from ktrdr.application.use_cases.list_features import ListFeatures
    from ktrdr.application.use_cases.list_indicators import ListIndicators
    from ktrdr.application.use_cases.list_models import ListModels
    from ktrdr.application.use_cases.load_model import LoadModel
    from ktrdr.application.use_cases.make_bars import MakeBars
    from ktrdr.application.use_cases.migrate_strategy import MigrateStrategy
    from ktrdr.application.use_cases.new_strategy import NewStrategy
    from ktrdr.application.use_cases.open_predictor import OpenPredictor
    from ktrdr.application.use_cases.plot_indicator import PlotIndicator
    from ktrdr.application.use_cases.plot_sets import PlotSets
    from ktrdr.application.use_cases.predict import Predict
    from ktrdr.application.use_cases.publish_kept import PublishKept
    from ktrdr.application.use_cases.read_strategy import ReadStrategy
    from ktrdr.application.use_cases.show_bars import ShowBars
    from ktrdr.application.use_cases.show_labels import ShowLabels
    from ktrdr.application.use_cases.show_model import ShowModel
    from ktrdr.application.use_cases.sign_models import SignModels
    from ktrdr.application.use_cases.train import RunJobs, TrainingOrchestrator
    from ktrdr.application.use_cases.verify_models import VerifyModels
    from ktrdr.domain.market.bars import Bars
    from ktrdr.domain.market.quality.limits import QualityLimits
    from ktrdr.domain.training.plan import TrainingJob

_FILES = (Of.read_document, Of.find_lines)
_MARKET = (Of.data_repository, Of.feature_engineer)
_SERVING = (*_MARKET, Of.model_trainer, Of.model_storage)
_TRAINING = (*_SERVING, Of.journal)
_TRAINING_PORTS = ("data_repository", "feature_engineer", "journal", "trial_log", "model_trainer", "model_storage")


def _verb(target: str, *needs: providers.Provider[Any], **named: providers.Provider[Any]) -> Any:
    """Return what makes a use case, ``module:Class``, of the ports that it needs."""
    return Factory(lazy(f"application.use_cases.{target}"), *needs, **named)


def _run_jobs(container: Container) -> RunJobs:
    """Return what runs jobs side by side, in processes that build their container from the same settings."""
    from ktrdr.application.training.outcomes import lost_job

    reason = _why_in_process(container)
    run = container.spawned()(partial(job_runner, container.settings()), lost_job, _workers, reason)
    if container.model_storage.overridden:  # models lie elsewhere, and so would the claims
        return run
    return lambda function, jobs: run(container.claimed()(function), jobs)


def _why_in_process(container: Container) -> str:
    """Return why jobs have to run in this process; empty if other processes can build the same container."""
    if not isinstance(container, containers.DynamicContainer):  # Self is not bound within a subclass
        return "the container is of a class of its own, which other processes cannot know"
    replaced = [name for name in _TRAINING_PORTS if getattr(container, name).overridden]
    return f"container.{replaced[0]} is overridden, which other processes cannot know" if replaced else ""


def _workers(jobs: Sequence[TrainingJob]) -> int | None:
    """Return how many processes the request of these jobs asks for."""
    return jobs[0].request.execution.workers


def _list_models(container: Container) -> ListModels:
    """Return the use case that lists models: straight from their files, unless they lie elsewhere."""
    from ktrdr.application.use_cases.list_models import ListModels

    if container.model_storage.overridden:
        return ListModels(container.model_storage())
    return ListModels(container.model_files(), container.read_overview())


def _bars_of(
    make_bars: Callable[[], MakeBars],
    frame: pd.DataFrame,
    symbol: str,
    timeframe: str,
    *,
    calendar: str | None = None,
    **said: Any,
) -> Bars:
    """Return the bars of a data frame, see `MakeBars`; `said` is what else `Stated` has (``time_zone="..."``)."""
    from ktrdr.domain.market.reading import Stated
    from ktrdr.domain.market.symbol import Symbol
    from ktrdr.domain.market.timeframe import Timeframe

    return make_bars().execute(frame, Stated(Symbol(symbol).text, Timeframe(timeframe), **said), calendar)


class Container(Of):
    """Ports bound to adapters, and use cases bound to ports."""

    __self__: providers.Self[Container] = providers.Self()
    run_jobs: providers.Callable[RunJobs] = providers.Callable(_run_jobs, __self__)

    quality_limits: Factory[QualityLimits] = Factory(
        lazy("domain.market.quality.limits:read_limits"), Of.settings.provided.quality, "quality"
    )
    read_strategy: Factory[ReadStrategy] = _verb("read_strategy:ReadStrategy", *_FILES, quality=quality_limits)
    check_strategies: Factory[CheckStrategies] = _verb("check_strategies:CheckStrategies", Of.strategy_files, *_FILES)
    list_features: Factory[ListFeatures] = _verb("list_features:ListFeatures")
    diff_strategies: Factory[DiffStrategies] = _verb("diff_strategies:DiffStrategies")
    new_strategy: Factory[NewStrategy] = _verb("new_strategy:NewStrategy", Of.render_document, Of.write_file)
    migrate_strategy: Factory[MigrateStrategy] = _verb(
        "migrate_strategy:MigrateStrategy", Of.read_document, Of.render_document, Of.replace_document
    )

    training_orchestrator: Factory[TrainingOrchestrator] = _verb(
        "train:TrainingOrchestrator", *_TRAINING, run_jobs, Of.allocate, Of.calendar
    )
    job_trainer: Factory[JobTrainer] = Factory(
        lazy("application.training.job:JobTrainer"), *_TRAINING, Of.allocate, Of.calendar
    )
    dry_run: Factory[DryRun] = _verb("dry_run:DryRun", *_MARKET, Of.allocate, Of.calendar)
    export_features: Factory[ExportFeatures] = _verb("export_features:ExportFeatures", *_MARKET)

    load_model: Factory[LoadModel] = _verb("load_model:LoadModel", Of.data_repository, Of.model_storage)
    predict: Factory[Predict] = _verb("predict:Predict", *_SERVING, Of.clock)
    backtest: Factory[Backtest] = _verb("backtest:Backtest", *_SERVING, Of.clock)
    open_predictor: Factory[OpenPredictor] = _verb("open_predictor:OpenPredictor", *_SERVING, Of.clock, Of.calendar)
    explain_decision: Factory[ExplainDecision] = _verb("explain_decision:ExplainDecision", *_SERVING, Of.calendar)
    explain_global: Factory[ExplainGlobal] = _verb("explain_global:ExplainGlobal", *_TRAINING, Of.calendar)
    explain_rules: Factory[ExplainRules] = _verb("explain_rules:ExplainRules", *_SERVING, Of.calendar)

    list_models: providers.Callable[ListModels] = providers.Callable(_list_models, __self__)
    show_model: Factory[ShowModel] = _verb("show_model:ShowModel", Of.model_storage, Of.signatures_beside)
    verify_models: Factory[VerifyModels] = _verb(
        "verify_models:VerifyModels", Of.model_storage, Of.model_trainer, Of.recorded_seals, Of.readable_problems
    )
    sign_models: Factory[SignModels] = _verb("sign_models:SignModels", Of.model_storage, Of.sign)
    publish_kept: Factory[PublishKept] = _verb(
        "publish_kept:PublishKept", Of.model_storage, Of.journal, Of.read_kept, Of.discard_kept, Of.kept_models
    )

    list_indicators: Factory[ListIndicators] = _verb("list_indicators:ListIndicators")
    describe_indicators: Factory[DescribeIndicators] = _verb(
        "describe_indicators:DescribeIndicators", Of.feature_engineer
    )
    plot_indicator: Factory[PlotIndicator] = _verb("plot_indicator:PlotIndicator", *_MARKET)
    plot_sets: Factory[PlotSets] = _verb("plot_sets:PlotSets", *_MARKET)
    fit_sets: Factory[FitSets] = _verb("fit_sets:FitSets", *_MARKET)
    show_labels: Factory[ShowLabels] = _verb("show_labels:ShowLabels", Of.data_repository)

    list_bars: Factory[ListBars] = _verb("list_bars:ListBars", Of.data_repository, Of.not_taken.provider)
    show_bars: Factory[ShowBars] = _verb("show_bars:ShowBars", Of.data_repository, Of.clock)
    import_bars: Factory[ImportBars] = _verb("import_bars:ImportBars", Of.bar_reader, Of.bar_store, Of.clock)
    check_data: Factory[CheckData] = _verb("check_data:CheckData", Of.data_repository, quality_limits)
    make_bars: Factory[MakeBars] = _verb("make_bars:MakeBars", Of.read_frame, Of.hold_bars, Of.calendar)
    bars_of: providers.Callable[Bars] = providers.Callable(_bars_of, make_bars.provider)
    copy_bars: Factory[CopyBars] = _verb("copy_bars:CopyBars", store=Of.bar_store)


def job_runner(settings: Settings) -> Callable[[TrainingJob], JobOutcome]:
    """Return what attempts jobs, in a process that was started for them."""
    container = Container()
    container.settings.override(providers.Object(settings))
    return container.claimed()(container.job_trainer().attempt)
