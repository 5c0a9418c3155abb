"""Spoken forms written out, with exact maps back: the text that pattern recognizers can read."""

from redactor.phi.spoken.digits import plain_digits
from redactor.phi.spoken.form import TextEdit, WrittenForm
from redactor.phi.spoken.reader import written_form
from redactor.phi.spoken.words import CORRECTION

__all__ = ["CORRECTION", "TextEdit", "WrittenForm", "plain_digits", "written_form"]
