"""Every recognizer of the detector, in one list."""

from __future__ import annotations

from presidio_analyzer import EntityRecognizer

from redactor.phi.recognizers.account import AccountRecognizer
from redactor.phi.recognizers.address import AddressRecognizer
from redactor.phi.recognizers.age import AgeRecognizer
from redactor.phi.recognizers.billing import BillingRecognizer
from redactor.phi.recognizers.condition import ConditionRecognizer
from redactor.phi.recognizers.date import DateRecognizer
from redactor.phi.recognizers.device import DeviceRecognizer
from redactor.phi.recognizers.email import EmailRecognizer
from redactor.phi.recognizers.figure import DecimalRecognizer, FigureRecognizer
from redactor.phi.recognizers.health_plan import HealthPlanRecognizer
from redactor.phi.recognizers.ip_address import IpAddressRecognizer
from redactor.phi.recognizers.lab_result import LabResultRecognizer
from redactor.phi.recognizers.license import LicenseRecognizer
from redactor.phi.recognizers.medical_record import MedicalRecordRecognizer
from redactor.phi.recognizers.medication import MedicationRecognizer
from redactor.phi.recognizers.number import NumberRecognizer
from redactor.phi.recognizers.organization import OrganizationRecognizer
from redactor.phi.recognizers.other_id import OtherIdRecognizer
from redactor.phi.recognizers.person import person_recognizer
from redactor.phi.recognizers.phone import PhoneRecognizer
from redactor.phi.recognizers.procedure import ProcedureRecognizer
from redactor.phi.recognizers.specialty import SpecialtyRecognizer
from redactor.phi.recognizers.ssn import SsnRecognizer
from redactor.phi.recognizers.url import UrlRecognizer
from redactor.phi.recognizers.vehicle import VehicleRecognizer

_IDENTIFIERS = (
    AccountRecognizer,
    AddressRecognizer,
    AgeRecognizer,
    DateRecognizer,
    DeviceRecognizer,
    EmailRecognizer,
    FigureRecognizer,
    HealthPlanRecognizer,
    IpAddressRecognizer,
    LicenseRecognizer,
    MedicalRecordRecognizer,
    NumberRecognizer,
    OrganizationRecognizer,
    OtherIdRecognizer,
    person_recognizer,
    PhoneRecognizer,
    SsnRecognizer,
    UrlRecognizer,
    VehicleRecognizer,
)

_CLINICAL = (
    BillingRecognizer,
    ConditionRecognizer,
    DecimalRecognizer,
    LabResultRecognizer,
    MedicationRecognizer,
    ProcedureRecognizer,
    SpecialtyRecognizer,
)


def identifiers() -> list[EntityRecognizer]:
    """The recognizers of 45 CFR 164.514(b)(2) identifiers and of organizations."""
    return [make() for make in _IDENTIFIERS]


def clinical() -> list[EntityRecognizer]:
    """The recognizers of clinical facts."""
    return [make() for make in _CLINICAL]
