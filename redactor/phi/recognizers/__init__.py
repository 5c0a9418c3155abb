"""Recognizers, one a file; `identifiers()` and `clinical()` build them all."""
