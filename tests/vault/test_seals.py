"""Ciphers by themselves: no change of what was sealed is ever given out."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import CIPHERS, Place

from redactor.errors import Refused, VaultDamaged
from redactor.vault import gcm


@pytest.mark.parametrize("cipher", CIPHERS)
def test_aes_keys_and_nonces_never_meet(tmp_path, cipher):
    place = Place(tmp_path, cipher)
    seals = [CIPHERS[cipher].seal("n", b"same", place.recipients) for _ in range(4)]
    assert len({s for s, _ in seals}) == len({k for _, k in seals}) == 4


@pytest.fixture(scope="module", params=CIPHERS)
def sealed(request, tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("sealed"), request.param)
    content = os.urandom(gcm.CHUNK * 3 + 100)
    return place, content, *CIPHERS[request.param].seal("name", content, place.recipients)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_change_of_content_or_key_is_given_out(sealed, data):
    place, content, body, key = sealed
    cipher, identities = CIPHERS[place.cipher], place.identity("recovery")
    assert cipher.open_sealed("name", body, key, identities) == content
    which = data.draw(st.sampled_from(["body", "key"]))
    whole = body if which == "body" else key
    kind, at = (
        data.draw(st.sampled_from(["flip", "cut", "end", "more", "double"])),
        data.draw(st.integers(0, len(whole) - 1)),
    )
    length = data.draw(st.integers(1, 70_000))
    changed = {
        "flip": whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :],
        "cut": whole[:at] + whole[at + length :],
        "end": whole[:at],
        "more": whole + data.draw(st.binary(min_size=1, max_size=40)),
        "double": whole[:at] + whole[at : at + length] + whole[at:],
    }[kind]
    if changed == whole:
        return
    given = (changed, key) if which == "body" else (body, changed)
    try:
        # What was changed in the other recipients' part of a key opens nevertheless, as what it was.
        assert cipher.open_sealed("name", *given, identities) == content
        assert which == "key"
    except (VaultDamaged, Refused):
        pass


def test_chunks_cannot_be_dropped_moved_or_doubled(tmp_path):
    place = Place(tmp_path, "aes-256-gcm")
    content = os.urandom(gcm.CHUNK * 4)
    body, key = gcm.seal("name", content, place.recipients)
    start, step = len(b"redactor-gcm/1\nname\n") + 7, gcm.CHUNK + 16
    head, chunks = body[:start], [body[start + n * step : start + (n + 1) * step] for n in range(4)]
    assert b"".join([head, *chunks]) == body
    for order in ((0, 1, 2), (1, 2, 3), (0, 2, 3), (0, 2, 1, 3), (0, 1, 1, 2, 3), (0, 1, 2, 3, 3), (3,), ()):
        with pytest.raises(VaultDamaged):
            gcm.open_sealed("name", b"".join([head, *(chunks[n] for n in order)]), key, place.identity("organisation"))
