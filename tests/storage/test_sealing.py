"""Sealed texts: standard AES-SIV with a nonce; what earlier versions sealed still opens; anything changed does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.crypto import Sealer

KEY = bytes(range(32))
EARLIER = {
    b"": "d8400802e6bbe5259d8e249c11a0289e",
    b"whitlock/5550142.redacted": "bfc5fb1d570a3e4b8d9fddbda9d1df47ae07ec135804d5e941b52583b343fa8ddd58c4d9ffa467d6a8",
    b"x" * 130: "ff0b541c7acae055ec5d360d5257394b804b7ba585a44c1175df3818b2ef"
    "ba120ce7f850fd69b6ff92fe5fa5ab3168f04b4b1995a472aafc"
    "e05665719b6ad7b9d2cb138f4ea19139de281155c871ebed8f7b82092a2e"
    "227b71e698ca7adc1df91fa8fbcf09f5d8de87bff3278cb0bae5bc55b39b8d"
    "ac3485e167cd96531bdd07e17da83154e708953a90c8a8c8fcaa76c685",
    b"name-507": "029a86c08f9caff30fd49fff81ba29f386f65be768bbf657",
}
"""What the version before this one sealed under `KEY`; the last begins like a seal of this version."""


@pytest.mark.parametrize("text", EARLIER, ids=["empty", "name", "long", "like-ours"])
def test_what_an_earlier_version_sealed_still_opens(text):
    sealed = bytes.fromhex(EARLIER[text])
    assert Sealer(KEY).open(sealed) == text
    assert Sealer(bytes(32)).open(sealed) is None
    for at in range(len(sealed)):
        assert Sealer(KEY).open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]) is None


def test_marks_are_those_of_earlier_versions():
    assert Sealer(KEY).mark(b"a", b"bc").hex() == "7d71ba3bb9eaf253cc114f56ccdc90b7"


@given(st.binary(max_size=300))
def test_a_seal_gives_the_text_back_and_nothing_else_does(text):
    sealer = Sealer(KEY)
    sealed = sealer.seal(text)
    assert sealer.open(sealed) == text
    assert len(sealed) == len(text) + 33
    assert Sealer(bytes(32)).open(sealed) is None
    for at in {0, 1, 16, 17, 32, 33, len(sealed) - 1} & set(range(len(sealed))):
        assert sealer.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]) is None
    assert sealer.open(sealed[:-1]) is None
    assert sealer.open(sealed + b"x") is None


def test_equal_texts_do_not_look_alike():
    sealer = Sealer(KEY)
    assert len({sealer.seal(b"Whitlock") for _ in range(100)}) == 100


def test_the_cipher_is_the_librarys(monkeypatch):
    """No key stream of our own: without the library's AES-SIV nothing is sealed."""

    class Away:
        def __init__(self, key):
            assert len(key) == 64
            raise RuntimeError

    monkeypatch.setattr("cryptography.hazmat.primitives.ciphers.aead.AESSIV", Away)
    with pytest.raises(RuntimeError):
        Sealer(KEY).seal(b"Whitlock")


@pytest.mark.parametrize("junk", [b"", b"\x02", b"\x02" * 17, b"\x02" * 40, b"\x00" * 15])
def test_what_is_no_seal_opens_as_nothing(junk):
    assert Sealer(KEY).open(junk) is None
