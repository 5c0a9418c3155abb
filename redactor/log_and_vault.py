"""Locations of the audit log and the vault: from the service's settings, or below one folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redactor.errors import ConfigurationError
from redactor.hook.settings import DEFAULT as SETTINGS

DEFAULT = Path(SETTINGS)

if TYPE_CHECKING:
    from redactor.audit_log import Trail
    from redactor.config import Settings
    from redactor.kept_transcripts import KeptTranscripts
    from redactor.vault import Vault


@dataclass(frozen=True, slots=True)
class Places:
    """Files and folders of audit log and vault; `recipients` and `identity` may be None."""

    trail: Path
    keys: Path
    anchor: Path
    vault: Path
    recipients: Path | None
    identity: Path | None

    def open_trail(self) -> Trail:
        from redactor.audit_log import Trail

        return Trail.open(self.trail, key=self.keys, anchor=self.anchor)

    def open_vault(
        self,
        *,
        trail: Trail | None = None,
        recipients: Path | None = None,
        identity: Path | None = None,
        alone: bool = False,
    ) -> Vault:
        """The vault, with the keys given here or named by the settings.

        Raises:
            ConfigurationError, OutputError, TrailDamaged
        """
        needs_vault_extra()
        from redactor.vault import Identities, Recipients, Vault

        public, private = recipients or self.recipients, identity or self.identity
        return Vault(
            self.vault,
            trail=trail or self.open_trail(),
            recipients=Recipients.load(public, alone=alone) if public else None,
            identities=Identities.load(private) if private else None,
        )


def places_of(config: Path, state: Path | None) -> Places:
    """The locations.

    Args:
        state: if given, everything is below this folder, and no settings are read.

    Raises:
        ConfigurationError
    """
    if state is not None:
        recipients = state / "recipients.txt"
        return Places(
            state / "trail",
            state / "trail.keys",
            state / "trail.anchor",
            state / "vault",
            recipients if recipients.exists() else None,
            None,
        )
    from redactor.config import load_settings

    return places_in(load_settings(config))


def places_in(settings: Settings) -> Places:
    """The locations in these settings."""
    k, state = settings.keeping, settings.state
    return Places(
        Path(k.trail or state / "trail"),
        Path(k.trail_keys or state / "trail.keys"),
        Path(k.anchor or state / "trail.anchor"),
        Path(k.vault or state / "vault"),
        Path(k.recipients) if k.recipients else None,
        Path(k.identity) if k.identity else None,
    )


def open_kept_transcripts(folder: Path, identity: Path | None) -> KeptTranscripts:
    """The transcripts kept in the vault of a folder that contains audit log, vault and recipients.txt.

    Args:
        identity: private key; None: organisation.key in the folder, if it is there.

    Raises:
        ConfigurationError: no keys, or the vault's packages are not installed. TrailDamaged, OutputError.
    """
    needs_vault_extra()
    from redactor.kept_transcripts import KeptTranscripts

    places = places_of(DEFAULT, folder)
    if places.recipients is None:
        raise ConfigurationError(
            "The vault of --keep-transcripts has no keys.",
            hint="Make them: redactor vault keygen --out VAULT. Then keep recovery.key offline.",
        )
    own = folder / "organisation.key"
    private = identity or (own if own.is_file() else None)
    trail = places.open_trail()
    vault = places.open_vault(trail=trail, identity=private)
    return KeptTranscripts(vault, trail, readable=private is not None, by=actor())


def actor() -> str:
    """The caller of a command, for the log: the user's number, since a name could be anything."""
    return f"user:{os.getuid() if hasattr(os, 'getuid') else 0}"


def needs_vault_extra() -> None:
    from importlib.util import find_spec

    if find_spec("pyrage") is None or find_spec("cryptography") is None:
        raise ConfigurationError(
            "The vault needs packages that are not installed.", hint="pip install 'voicemail-redactor[vault]'"
        )


__all__ = ["DEFAULT", "Places", "actor", "needs_vault_extra", "open_kept_transcripts", "places_in", "places_of"]
