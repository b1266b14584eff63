"""Indicators of the distribution of prices and returns, and of their memory."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import IndicatorSpec
from ktrdr.domain.catalogue.parameters import SOURCE, period

STATISTICAL = (
    IndicatorSpec(
        name="returns",
        aliases=("return", "pctchange", "percentchange", "simplereturn"),
        category="statistical",
        parameters=(period(1), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="ratio",
        ratios=True,
        description="Change over `period` bars as a fraction of the older value; 0 where that is 0.",
        reference="Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, ch. 1",
    ),
    IndicatorSpec(
        name="zscore",
        aliases=("standardscore",),
        category="statistical",
        parameters=(period(20, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="ratio",
        description="Distance from the mean of the last `period` values, in their standard deviations (of the "
        "population). 0 where they are equal.",
        reference="Kreyszig (1979), Advanced Engineering Mathematics (the standardised variable)",
    ),
    IndicatorSpec(
        name="autocorrelation",
        aliases=("autocorr", "serialcorrelation"),
        category="statistical",
        parameters=(period(50, low=3), period(1, "lag"), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] + p["lag"],
        scale="bounded",
        ratios=True,
        description="Correlation of the last `period` one-bar returns with those `lag` bars before; -1 to 1. 0 where "
        "either do not vary.",
        reference="Box and Jenkins (1970), Time Series Analysis: Forecasting and Control",
    ),
    IndicatorSpec(
        name="entropy",
        aliases=("permutationentropy", "shannonentropy"),
        category="statistical",
        parameters=(period(50, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] + 1,
        scale="bounded",
        description="Shannon entropy of the orders of three values in a row (six orders) over the last `period` such "
        "triples, as a share of the largest possible; 0 to 1: 0 is one order alone, as in a flat market. Equal values "
        "rank by order of appearance, so that standing still counts as rising.",
        reference="Bandt and Pompe (2002), Permutation Entropy, Physical Review Letters 88(17)",
    ),
    IndicatorSpec(
        name="skew",
        aliases=("skewness",),
        category="statistical",
        parameters=(period(50, low=3), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="ratio",
        ratios=True,
        description="Third standardised moment of the last `period` one-bar returns (of the population). 0 where they "
        "do not vary.",
        reference="Joanes and Gill (1998), Comparing Measures of Sample Skewness and Kurtosis, The Statistician 47(1)",
    ),
    IndicatorSpec(
        name="kurtosis",
        aliases=("excesskurtosis",),
        category="statistical",
        parameters=(period(50, low=4), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="ratio",
        ratios=True,
        description="Fourth standardised moment of the last `period` one-bar returns (of the population), less the 3 "
        "of a normal distribution. 0 where they do not vary.",
        reference="Joanes and Gill (1998), Comparing Measures of Sample Skewness and Kurtosis, The Statistician 47(1)",
    ),
    IndicatorSpec(
        name="hurstexponent",
        aliases=("hurst",),
        category="statistical",
        parameters=(period(100, low=20), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] + 15,
        scale="ratio",
        description="Growth of the differences with their span: half the slope of log(mean square of the last `period` "
        "differences) over log(span), spans of 1, 2, 4, 8 and 16 bars. 0.5 for a random walk, above for trends, below "
        "for reversals; 0 in a flat market.",
        reference="Di Matteo (2007), Multi-scaling in Finance, Quantitative Finance 7(1); Hurst (1951), Trans. ASCE "
        "116",
    ),
    IndicatorSpec(
        name="varianceratio",
        category="statistical",
        parameters=(period(100, low=3), period(5, "lag", low=2, aliases=("q",)), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] + p["lag"] - 1,
        scale="ratio",
        description="Variance of the last `period` changes over `lag` bars, over `lag` times that of the changes over "
        "one bar. 1 for a random walk, above for trends, below for reversals; 0 where nothing varies.",
        reference="Lo and MacKinlay (1988), Stock Market Prices Do Not Follow Random Walks, Review of Financial "
        "Studies 1(1)",
    ),
    IndicatorSpec(
        name="percentrank",
        aliases=("percentilerank",),
        category="statistical",
        parameters=(period(100), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="bounded",
        description="Share of the `period` values before that lie below the present one; 0 to 1. 0 in a flat market.",
        reference="Connors and Alvarez (2012), An Introduction to ConnorsRSI",
    ),
    IndicatorSpec(
        name="rsquared",
        aliases=("r2", "linearregressionr2"),
        category="statistical",
        parameters=(period(20, low=3), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="bounded",
        description="Share of the variance of the last `period` values that a straight line over time explains; 0 to "
        "1. 0 in a flat market.",
        reference="Chande and Kroll (1994), The New Technical Trader",
    ),
    IndicatorSpec(
        name="maxdrawdown",
        aliases=("maximumdrawdown",),
        category="statistical",
        parameters=(period(50, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="bounded",
        ratios=True,
        description="Deepest fall from a value to a later one among the last `period`, percent of the earlier one; 0 "
        "to 100. 0 where none falls. Values of 0 and below count as next to nothing.",
        reference="Magdon-Ismail and Atiya (2004), Maximum Drawdown, Risk 17(10)",
    ),
    IndicatorSpec(
        name="upshare",
        aliases=("upratio", "risingshare"),
        category="statistical",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="bounded",
        description="Share of the last `period` bars on which the value rose; 0 to 1. 0 in a flat market.",
        reference="Cowles and Jones (1937), Some A Posteriori Probabilities in Stock Market Action, Econometrica 5(3)",
    ),
    IndicatorSpec(
        name="efficiencyratio",
        aliases=("kaufmanefficiencyratio", "fractalefficiency"),
        category="statistical",
        parameters=(period(10, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="bounded",
        description="Change over `period` bars over the path that led there, both without sign; 0 to 1. 0 in a flat "
        "market.",
        reference="Kaufman (1995), Smarter Trading",
    ),
    IndicatorSpec(
        name="downsideshare",
        aliases=("downsidevariance",),
        category="statistical",
        parameters=(period(50), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="bounded",
        ratios=True,
        description="Share of the negative ones in the sum of the squares of the last `period` one-bar returns; 0 to "
        "1. 0 in a flat market.",
        reference="Barndorff-Nielsen, Kinnebrock and Shephard (2010), Measuring Downside Risk: Realised Semivariance",
    ),
    IndicatorSpec(
        name="sharperatio",
        aliases=("rollingsharpe",),
        category="statistical",
        parameters=(period(50, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="ratio",
        ratios=True,
        description="Mean of the last `period` one-bar returns over their standard deviation (of the population), per "
        "bar. 0 where they do not vary.",
        reference="Sharpe (1966), Mutual Fund Performance, Journal of Business 39(1)",
    ),
)
