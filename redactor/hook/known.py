"""What a caller of the hook or the API knows about a message: a JSON object of roles. No message repeats a value.

    {"caller": {"name": "Dana Whitlock", "phone": "410-555-0142"}, "provider": ["Dr. Okafor", "Dr. Lin"]}

Each role has a party or a list of them; a party is an object of texts, or its name alone.
"""

from __future__ import annotations

import json

from redactor.errors import RefusedInput

TYPE_CHECKING = False  # see settings
if TYPE_CHECKING:
    from typing import TypeAlias

    Party: TypeAlias = dict[str, str]
    """A party: its role, and one of `FIELDS` at least."""

ROLES = ("caller", "recipient", "patient", "provider", "staff", "practice")
FIELDS = ("name", "phone", "id", "email", "address")
LARGEST = 8192
"""Bytes of the object as JSON."""
MOST = 50
"""Parties."""
LONGEST = 200
"""Characters of a text."""


def parties_of(given: object) -> list[Party]:
    """The parties of such an object.

    Raises:
        RefusedInput: it is none; names the role and the field that is wrong, never a value.
    """
    if not isinstance(given, dict):
        raise _refused("must be a JSON object of roles.")
    parties: list[Party] = []
    for role, value in given.items():
        for entry in value if isinstance(value, list) else [value]:
            party = {"name": entry} if isinstance(entry, str) else entry
            if not isinstance(party, dict) or "role" in party:
                raise _refused("must give each role a name or an object.")
            parties.append({**party, "role": role})
    return checked(parties)


def checked(parties: object) -> list[Party]:
    """The same parties without empty texts and empty parties.

    Raises:
        RefusedInput: they are not as this module says.
    """
    if not isinstance(parties, list) or not all(isinstance(party, dict) for party in parties):
        raise _refused("must be a list of parties.")
    kept = []
    for party in parties:
        if party.get("role") not in ROLES:
            raise _refused(f"names an unknown role: the roles are {', '.join(ROLES)}.")
        for field, text in party.items():
            if field not in FIELDS and field != "role":
                raise _refused(f"has an unknown field of the {party['role']}: the fields are {', '.join(FIELDS)}.")
            if not isinstance(text, str) or len(text) > LONGEST or not text.isprintable():
                raise _refused(f"has an invalid {field} of the {party['role']}.")
        texts = {field: text.strip() for field, text in party.items() if text.strip()}
        if len(texts) > 1:
            kept.append(texts)
    if len(kept) > MOST or len(json.dumps(kept)) > LARGEST:
        raise _refused(f"is too large: at most {MOST} parties and {LARGEST} bytes.")
    return kept


def read_argument(argument: str) -> list[Party]:
    """The parties of a command-line argument: the JSON object itself, or @FILE.

    Raises:
        RefusedInput
    """
    text: str | bytes = argument
    if argument.startswith("@"):
        try:
            with open(argument[1:], "rb") as file:
                text = file.read(LARGEST + 1)
        except (OSError, ValueError):
            raise RefusedInput("The context file cannot be read.", hint="Check its path and permissions.") from None
    if len(text) > LARGEST:
        raise _refused(f"is too large: at most {LARGEST} bytes.")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused("is not valid JSON.") from None
    return parties_of(given)


def _refused(what: str) -> RefusedInput:
    return RefusedInput(f"The context {what}", hint="docs/telephony.md describes its form.")
