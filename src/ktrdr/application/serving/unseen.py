"""Which model a backtest uses: one that is named, or the one that was there to serve the symbol when it begins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.serving.choosing import find_among, find_named, timeframe_of
from ktrdr.application.serving.wanted import LoadedModel, LoadRequest
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.backtest.account import Account
from ktrdr.domain.errors import DataNotFound, InvalidInput, ModelNotFound, shown
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.moments import is_date, last_of, read_moment
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe, same_length

_FORTNIGHT = 14 * NS_PER_DAY


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """Which model, on which bars, by which account.

    Attributes
    ----------
    strategy : str
        Its name.
    symbol : str or None
        None: the only symbol that a named model was trained on.
    model : str or None
        A reference or path; None: what `find_among` finds for the symbol, of those that were chosen before `start`
        where it is given.
    timeframe : str or None
        Of the model to find; None: the only one that there are models for.
    start, end : str or None
        First and last day (whole) or moment, ISO 8601, UTC where no zone is written. Bars that begin on the last day
        are traded on, of a moment those that are known by then. Without `start`: the first bar that had no part in
        choosing the model.
    in_sample : bool
        Also use bars that chose the model; the result says so.
    prefer : str or None
        See `LoadRequest`; only where the model is to be found.
    account : Account
    ensemble : bool
        See `LoadRequest`; only where the model is to be found.
    """

    strategy: str
    symbol: str | None = None
    model: str | None = None
    timeframe: str | None = None
    start: str | None = None
    end: str | None = None
    in_sample: bool = False
    prefer: str | None = None
    account: Account = field(default_factory=Account)
    ensemble: bool = False

    def __post_init__(self) -> None:
        first, last = self.first_stamp, self.last_moment
        if first is not None and last is not None and first > last:
            raise InvalidInput(f"a backtest can not start on {self.start} and end on {self.end}")
        if self.model is not None and (self.prefer is not None or self.ensemble):
            name = "ensemble" if self.ensemble else "prefer"
            raise InvalidInput(f"{name} chooses among the models of a strategy; {shown(self.model)} is one model")

    @property
    def first_stamp(self) -> int | None:
        """The start in UTC nanoseconds."""
        return None if self.start is None else read_moment(self.start)

    @property
    def last_moment(self) -> int | None:
        """The end in UTC nanoseconds, of a day its last."""
        return None if self.end is None else last_of(self.end)

    @property
    def last_stamp(self) -> str | None:
        """The last moment at which a bar may begin: a bar that begins at the end is known later."""
        if self.end is None:
            return None
        last = last_of(self.end)
        return iso(last if is_date(self.end) else last - 1)

    def known_by_the_end(self, bars: Bars) -> Bars:
        """Return bars without those that end after the moment that is the end; a day counts whole."""
        if self.end is None or is_date(self.end):
            return bars
        return bars.take(slice(0, int(bars.known_at.searchsorted(read_moment(self.end), side="right"))))

    def seen_until(self, manifest: Manifest) -> int:
        """Return up to which moment the symbol may be looked at, to compare it with a model's: never past the end.

        The start; without one, or in sample, the moment up to which bars have chosen that model.
        """
        start = None if self.in_sample else self.first_stamp
        moment = read_moment(manifest.selected_until) if start is None else start
        return moment if self.last_moment is None else min(moment, self.last_moment)


def find_unseen(data: DataRepository, storage: ModelStorage, request: BacktestRequest) -> LoadedModel:
    """Return the model that a backtest uses.

    Raises
    ------
    ModelNotFound, CorruptArtifact, DataNotFound
    InvalidInput
        If the model that is named is another strategy's or for other bars, the request does not say enough to find
        one, or the only ones there are were chosen by bars after the start.
    """
    if request.model is not None:
        return _named(storage, request, request.model)
    if "/" in request.strategy and all(one.key.strategy != request.strategy for one in storage.versions()):
        raise InvalidInput(f"{shown(request.strategy)} is no strategy; name the strategy, and a model by --model")
    if request.symbol is None:
        raise InvalidInput(f"a backtest of {request.strategy!r} needs a symbol (--symbol)")
    choice = request.timeframe, None, request.prefer, request.ensemble
    wanted = LoadRequest(request.strategy, request.symbol, *choice)
    wanted = replace(wanted, timeframe=timeframe_of(storage, wanted))
    earlier = replace(wanted, as_of=_as_of(data, request, str(wanted.timeframe)))
    try:
        return find_among(data, storage, earlier, request.seen_until)
    except ModelNotFound as error:
        if earlier.as_of is not None:
            _refuse_seen(find_among(data, storage, wanted, request.seen_until), earlier, request, error)
        raise


def _as_of(data: DataRepository, request: BacktestRequest, timeframe: str) -> str | None:
    """Return when the first bar from the start on is known: a model chosen before that has not seen it.

    Where the bars are not stored as such, a model may have been chosen up to the start itself.
    """
    start, symbol = request.first_stamp, str(request.symbol)
    if start is None or request.in_sample:
        return None
    stored = [info.timeframe for info in data.series(symbol) if same_length(str(info.timeframe), timeframe)]
    try:
        bars = data.load(symbol, stored[0] if stored else Timeframe(timeframe), start, start + _FORTNIGHT)
    except DataNotFound:
        return iso(start + 1)
    return iso(bars.known_at[0])


def _refuse_seen(later: LoadedModel, wanted: LoadRequest, request: BacktestRequest, error: ModelNotFound) -> None:
    """Say so if there is a model, and the start alone forbids it."""
    selected = later.selected_until
    if read_moment(selected) >= read_moment(str(wanted.as_of)):
        raise InvalidInput(
            f"{wanted.symbol} {wanted.timeframe}: no model was chosen before {request.start}; a backtest of "
            f"{later.reference} from there would use bars up to {selected} that chose it; start after them, or "
            "give --in-sample"
        ) from error


def _named(storage: ModelStorage, request: BacktestRequest, model: str) -> LoadedModel:
    found = find_named(storage, model)
    manifest = found.artifact.manifest
    if manifest.strategy_name != request.strategy:
        raise InvalidInput(f"{model} is a model of {manifest.strategy_name!r}, not of {request.strategy!r}")
    if request.timeframe is not None and not same_length(request.timeframe, manifest.base_timeframe):
        raise InvalidInput(f"{model} is for {manifest.base_timeframe} bars, not for {request.timeframe}")
    return found
