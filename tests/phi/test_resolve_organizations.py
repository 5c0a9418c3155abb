"""Parts of an organization's name that look like something else."""

from __future__ import annotations

import pytest

from redactor.phi.resolve import without_parts_of_organizations
from redactor.types import Finding


@pytest.mark.parametrize(
    ("text", "part", "label", "stays"),
    [
        ("Live Oak Dermatology", "Live Oak", "LOCATION", False),
        ("Valley Kidney Group", "Kidney", "PERSON", False),
        ("Whitlock Family Dental", "Whitlock", "PERSON", True),  # a surname
        ("95 Live Oak Dermatology", "95 Live Oak", "LOCATION", True),  # an address
        ("Live Oak Dermatology", "Live Oak Dermatology", "LOCATION", True),  # not longer
    ],
)
def test_parts(text: str, part: str, label: str, *, stays: bool) -> None:
    start = text.index(part)
    found = Finding(label, start, start + len(part), 0.7, "rule")
    whole = Finding("ORGANIZATION", 0, len(text), 0.6, "OrganizationRecognizer")
    assert without_parts_of_organizations([found, whole], text) == ([found, whole] if stays else [whole])


def test_a_weak_organization_takes_nothing() -> None:
    found = Finding("LOCATION", 0, 8, 0.7, "rule")
    weak = Finding("ORGANIZATION", 0, 20, 0.42, "OrganizationRecognizer")
    assert without_parts_of_organizations([found, weak], "Live Oak Dermatology") == [found, weak]
