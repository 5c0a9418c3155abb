"""The table of text formats, which storage, the API and the review pages follow."""

from typing import get_args

from redactor.render import MEDIA_TYPES, SUFFIXES_BY_KIND, TEXT_FORMATS, TEXT_SUFFIXES, ArtefactKind


def test_every_format_has_a_kind_of_its_own_that_urls_know():
    assert (*(text.kind for text in TEXT_FORMATS), "audio") == get_args(ArtefactKind)
    assert len(set(TEXT_SUFFIXES)) == len(TEXT_FORMATS) == len(SUFFIXES_BY_KIND) == len(MEDIA_TYPES)


def test_the_json_document_is_written_last():
    assert TEXT_SUFFIXES[-1] == ".json"
