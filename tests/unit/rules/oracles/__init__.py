"""One brute-force oracle per kind of rule, straight from the definitions in docs/rules.md.

Each is handed the periods of a watch and the slots of a series, both by time, and says
(version, start, end, peak, peak time) of each excursion: quadratic or worse, in exact
numbers, sharing no code with `rules/`.
"""

from tests.unit.rules.oracles.cumulative import oracle_cumulative
from tests.unit.rules.oracles.gap import oracle_gap
from tests.unit.rules.oracles.no_value import oracle_no_value
from tests.unit.rules.oracles.rate import oracle_rate
from tests.unit.rules.oracles.threshold import oracle_threshold
from tests.unit.rules.oracles.trend import oracle_trend

ORACLES = {
    "threshold": oracle_threshold,
    "no-value": oracle_no_value,
    "rate": oracle_rate,
    "trend": oracle_trend,
    "cumulative": oracle_cumulative,
    "gap": oracle_gap,
}
