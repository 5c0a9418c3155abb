"""Which parts of a mail are recordings, and their names."""

import io
from email.message import EmailMessage

import pytest

from redactor.errors import EmptyAudio, RefusedInput
from redactor.hook.mail import recordings_in
from redactor.hook.ticket import AUDIO_NAME


def mail(*parts):
    made = EmailMessage()
    made["Message-ID"] = "<Asterisk-1-99-100-77@pbx>"
    made.set_content("Dear Clinic")
    for content, kind, filename in parts:
        main, sub = kind.split("/")
        made.add_attachment(content, maintype=main, subtype=sub, **({"filename": filename} if filename else {}))
    return io.BytesIO(bytes(made))


@pytest.mark.parametrize(
    ("kind", "filename", "suffix"),
    [
        ("audio/x-wav", "msg0001.wav", ".wav"),
        ("audio/x-wav", "msg0001.WAV", ".WAV"),
        ("application/ogg", "msg0001.ogg", ".ogg"),  # so Asterisk calls that format alone
        ("audio/x-ulaw", "msg0001.ulaw", ".ulaw"),
        ("audio/x-g726-32", None, ".g726-32"),
        ("audio/x-sln192", None, ".sln192"),
        ("audio/mpeg", None, ".mp3"),
        ("audio/x-nobody-knows", "a.xyz", ".wav"),
        ("application/octet-stream", "recording.gsm", ".gsm"),
        ("application/octet-stream", "../../a", ".wav"),
    ],
)
def test_the_suffix_follows_the_name_then_the_type(kind, filename, suffix):
    ((audio, found, identity),) = recordings_in(mail((b"sound", kind, filename)))
    assert (audio, found) == (b"sound", suffix)
    assert AUDIO_NAME.fullmatch(f"{identity}{found}")


def test_each_recording_of_a_mail_is_one():
    both = mail((b"one", "audio/x-wav", "a.wav"), (b"", "audio/x-wav", "b.wav"), (b"two", "audio/x-wav", "c.wav"))
    first, second = recordings_in(both)
    assert (first[0], second[0]) == (b"one", b"two")
    assert first[2] != second[2]
    assert recordings_in(mail((b"one", "audio/x-wav", "a.wav")))[0][2] == first[2]


def test_pictures_and_texts_are_not_recordings():
    with pytest.raises(RefusedInput):
        recordings_in(mail((b"GIF8", "image/gif", "logo.gif")))
    with pytest.raises(EmptyAudio):
        recordings_in(mail((b"", "audio/x-wav", "a.wav")))


def test_a_name_that_is_given_twice_in_two_ways():
    raw = mail((b"sound", "audio/x-wav", "a.wav")).getvalue()
    twice = raw.replace(b'filename="a.wav"', b"filename*=utf-8''a.wav; filename*0*=utf-8''a.wav")
    assert twice != raw
    assert recordings_in(io.BytesIO(twice))[0][:2] == (b"sound", ".wav")


def test_a_name_in_an_unknown_character_set():
    raw = mail((b"sound", "audio/x-wav", "a.wav")).getvalue().replace(b'filename="a.wav"', b"filename*=klingon''a.wav")
    assert recordings_in(io.BytesIO(raw))[0][1] == ".wav"
