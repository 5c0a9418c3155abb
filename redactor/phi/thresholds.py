"""The table of score thresholds: the score that a finding needs to count.

The recognizers give scores from 0 to 1, which mean the same for every label:

    0.9 …        in an unambiguous form, or right after its cue ("member id", "doctor", "zip code")
    0.7 … 0.9    a usual form with a cue near it; on a list
    0.5 … 0.7    usual form without a cue; an ambiguous word where a name is expected; a number that misheard words
    interrupt
    0.4 … 0.5    forms that are more often PHI than not; long runs of figures
    below 0.4    a form that needs a cue but has none; hints of the clinical lists

Chosen by hand and checked on generated messages, on their copies with recognition errors and on real conversations
(benchmarks/phi_curve.png, drawn by phi_accuracy.py): from 0.4 to 0.6 identifiers gain at most 1.5 points of precision
and more than double their leak. Clinical hints (0.35 and below, see recognizers/clinical.py) never count.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from redactor.types import CLINICAL, LABELS

MIN_SCORE = 0.4
"""For identifiers: a miss costs more than an extra word."""
CLINICAL_MIN_SCORE = 0.5

THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {label: CLINICAL_MIN_SCORE if label in CLINICAL else MIN_SCORE for label in sorted(LABELS)}
)
"""Label → the score from which a finding counts."""
