"""Named, versioned blocks of raw columns that a strategy may feed as one input, as pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """One output of one indicator under a name of its own.

    Attributes
    ----------
    name : str
        Stands in the feature's id: ``{timeframe}_{name}_raw``.
    indicator : str
        Type, canonical name.
    parameters : mapping
        All of them, so that a new default in the catalogue of indicators changes no block.
    output : str
        Output name; empty for a single-output indicator.
    """

    name: str
    indicator: str
    parameters: Mapping[str, Any]
    output: str


@dataclass(frozen=True, slots=True)
class FeatureCatalogue:
    """A block of columns; their order is the contract and never changes under its name.

    Attributes
    ----------
    name : str
        Name and version, ``name@version``.
    columns : tuple of Column
    description : str
    """

    name: str
    columns: tuple[Column, ...]
    description: str


_TECHNICAL_75_1 = (
    # trend: 15
    Column("adx_14", "adx", {"period": 14}, "adx"),
    Column("plus_di_14", "adx", {"period": 14}, "plus_di"),
    Column("minus_di_14", "adx", {"period": 14}, "minus_di"),
    Column("aroon_up_14", "aroon", {"period": 14}, "up"),
    Column("aroon_down_14", "aroon", {"period": 14}, "down"),
    Column("aroon_oscillator_25", "aroon", {"period": 25}, "oscillator"),
    Column("vortex_plus_14", "vortex", {"period": 14}, "plus"),
    Column("vortex_minus_14", "vortex", {"period": 14}, "minus"),
    Column("trix_15", "trix", {"period": 15, "source": "close"}, ""),
    Column("supertrend_direction_10", "supertrend", {"period": 10, "multiplier": 3.0}, "direction"),
    Column("distance_ema_10", "distancefromma", {"period": 10, "ma_type": "EMA", "source": "close"}, ""),
    Column("distance_sma_20", "distancefromma", {"period": 20, "ma_type": "SMA", "source": "close"}, ""),
    Column("distance_ema_50", "distancefromma", {"period": 50, "ma_type": "EMA", "source": "close"}, ""),
    Column("distance_sma_50", "distancefromma", {"period": 50, "ma_type": "SMA", "source": "close"}, ""),
    Column("distance_sma_100", "distancefromma", {"period": 100, "ma_type": "SMA", "source": "close"}, ""),
    # momentum: 15
    Column("rsi_7", "rsi", {"period": 7, "source": "close"}, ""),
    Column("rsi_14", "rsi", {"period": 14, "source": "close"}, ""),
    Column("roc_10", "roc", {"period": 10, "source": "close"}, ""),
    Column("cci_20", "cci", {"period": 20}, ""),
    Column("williamsr_14", "williamsr", {"period": 14}, ""),
    Column("stochastic_k_14", "stochastic", {"k_period": 14, "d_period": 3, "smooth_k": 3}, "k"),
    Column("stochastic_d_14", "stochastic", {"k_period": 14, "d_period": 3, "smooth_k": 3}, "d"),
    Column("rvi_10", "rvi", {"period": 10, "signal_period": 4}, "rvi"),
    Column("rvi_signal_10", "rvi", {"period": 10, "signal_period": 4}, "signal"),
    Column("fisher_10", "fishertransform", {"period": 10, "smoothing": 3}, "fisher"),
    Column(
        "stochrsi_k_14",
        "stochrsi",
        {"period": 14, "k_period": 14, "d_period": 3, "smooth_k": 3, "source": "close"},
        "k",
    ),
    Column(
        "ultimateoscillator_28", "ultimateoscillator", {"short_period": 7, "medium_period": 14, "long_period": 28}, ""
    ),
    Column(
        "ppo_line_12_26", "ppo", {"fast_period": 12, "slow_period": 26, "signal_period": 9, "source": "close"}, "line"
    ),
    Column(
        "ppo_histogram_12_26",
        "ppo",
        {"fast_period": 12, "slow_period": 26, "signal_period": 9, "source": "close"},
        "histogram",
    ),
    Column("tsi_25_13", "tsi", {"long_period": 25, "short_period": 13, "signal_period": 13, "source": "close"}, "line"),
    # volatility: 10
    Column("natr_14", "natr", {"period": 14}, ""),
    Column("natr_50", "natr", {"period": 50}, ""),
    Column("bollingerbandwidth_20", "bollingerbandwidth", {"period": 20, "multiplier": 2.0, "source": "close"}, ""),
    Column("bollingerbandwidth_50", "bollingerbandwidth", {"period": 50, "multiplier": 2.0, "source": "close"}, ""),
    Column(
        "squeezeintensity_20",
        "squeezeintensity",
        {"bb_period": 20, "bb_multiplier": 2.0, "kc_period": 20, "kc_multiplier": 2.0, "source": "close"},
        "",
    ),
    Column(
        "historicalvolatility_10", "historicalvolatility", {"period": 10, "bars_per_year": 1.0, "source": "close"}, ""
    ),
    Column(
        "historicalvolatility_20", "historicalvolatility", {"period": 20, "bars_per_year": 1.0, "source": "close"}, ""
    ),
    Column(
        "historicalvolatility_60", "historicalvolatility", {"period": 60, "bars_per_year": 1.0, "source": "close"}, ""
    ),
    Column("chaikinvolatility_10", "chaikinvolatility", {"period": 10, "roc_period": 10}, ""),
    Column("ulcerindex_14", "ulcerindex", {"period": 14, "source": "close"}, ""),
    # volume: 10
    Column("mfi_7", "mfi", {"period": 7}, ""),
    Column("mfi_14", "mfi", {"period": 14}, ""),
    Column("mfi_28", "mfi", {"period": 28}, ""),
    Column("cmf_10", "cmf", {"period": 10}, ""),
    Column("cmf_21", "cmf", {"period": 21}, ""),
    Column("volumeratio_5", "volumeratio", {"period": 5}, ""),
    Column("volumeratio_20", "volumeratio", {"period": 20}, ""),
    Column("volumeratio_50", "volumeratio", {"period": 50}, ""),
    Column("pvo_line_12_26", "pvo", {"fast_period": 12, "slow_period": 26, "signal_period": 9}, "line"),
    Column("pvo_histogram_12_26", "pvo", {"fast_period": 12, "slow_period": 26, "signal_period": 9}, "histogram"),
    # pattern: 10
    Column("supportdistance_20", "supportdistance", {"period": 20}, ""),
    Column("resistancedistance_20", "resistancedistance", {"period": 20}, ""),
    Column("breakout_20", "breakout", {"period": 20}, ""),
    Column("divergence_20", "divergence", {"period": 20, "rsi_period": 14, "source": "close"}, ""),
    Column("swing_structure_10", "higherhighslowerlows", {"period": 10}, "structure"),
    Column("candle_body", "candle", {}, "body"),
    Column("candle_upper_wick", "candle", {}, "upper_wick"),
    Column("candle_lower_wick", "candle", {}, "lower_wick"),
    Column("bar_expansion", "insideoutside", {}, "expansion"),
    Column("streak_10", "streak", {"period": 10, "source": "close"}, ""),
    # statistical: 15
    Column("returns_1", "returns", {"period": 1, "source": "close"}, ""),
    Column("returns_5", "returns", {"period": 5, "source": "close"}, ""),
    Column("returns_20", "returns", {"period": 20, "source": "close"}, ""),
    Column("zscore_20", "zscore", {"period": 20, "source": "close"}, ""),
    Column("autocorrelation_50", "autocorrelation", {"period": 50, "lag": 1, "source": "close"}, ""),
    Column("entropy_50", "entropy", {"period": 50, "source": "close"}, ""),
    Column("skew_50", "skew", {"period": 50, "source": "close"}, ""),
    Column("kurtosis_50", "kurtosis", {"period": 50, "source": "close"}, ""),
    Column("hurst_100", "hurstexponent", {"period": 100, "source": "close"}, ""),
    Column("varianceratio_100", "varianceratio", {"period": 100, "lag": 5, "source": "close"}, ""),
    Column("percentrank_100", "percentrank", {"period": 100, "source": "close"}, ""),
    Column("rsquared_20", "rsquared", {"period": 20, "source": "close"}, ""),
    Column("maxdrawdown_50", "maxdrawdown", {"period": 50, "source": "close"}, ""),
    Column("upshare_20", "upshare", {"period": 20, "source": "close"}, ""),
    Column("efficiencyratio_10", "efficiencyratio", {"period": 10, "source": "close"}, ""),
)

CATALOGUES: Mapping[str, FeatureCatalogue] = {
    catalogue.name: catalogue
    for catalogue in (
        FeatureCatalogue(
            "technical_75@1",
            _TECHNICAL_75_1,
            "75 columns free of units, which have a value without volume too: trend 15, momentum 15, volatility 10, "
            "volume 10, pattern 10, statistical 15. Meant for tree and recurrent models.",
        ),
    )
}
"""Every block by name and version. A block that was released is never edited: a change is the next version."""
