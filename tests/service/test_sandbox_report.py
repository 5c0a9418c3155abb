"""What the service reports about the sandbox of its decoders."""

import re
import shutil

import pytest

from redactor.cli import serve as command
from redactor.service import app as serving


def test_the_service_reports_what_confines_decoding(site, monkeypatch, capsys):
    """In its log, with what to install, and as a metric for alarms."""
    made = []

    class Ends(serving.Service):
        def start(self):
            made.append(self.metrics.text().decode())
            raise KeyboardInterrupt

    monkeypatch.setattr(serving, "Service", Ends)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(command.os, "nice", lambda _: 0)
    with pytest.raises(KeyboardInterrupt):
        command.serve(config=site.config, sandbox="auto")
    log = capsys.readouterr().err
    assert re.search(r"INFO sandbox layers for decoding: .*limits", log)
    assert re.search(r"WARNING .*install the package bubblewrap", log)
    assert 'redactor_sandbox{layer="bubblewrap"} 0.0' in made[0]
    assert 'redactor_sandbox{layer="limits"} 1.0' in made[0]
