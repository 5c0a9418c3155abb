"""`redactor policies list|show`: what the shipped policies remove, and what a policy file comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from redactor.policy import ResolvedPolicy

policies = typer.Typer(
    help="Policies: list those that are shipped, and show what a file comes to.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(policies, name="policies")


@policies.command("list")
def list_policies(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the shipped policies with their descriptions."""
    from redactor.policy import load_policy, policy_names

    found = [load_policy(name) for name in policy_names()]
    if as_json:
        print(json.dumps([{"name": p.name, "version": p.version, "description": p.description} for p in found]))
        return
    width = max(len(policy.name) for policy in found)
    for policy in found:
        print(f"{policy.name:<{width}}  {policy.description}")


@policies.command("show")
def show_policy(
    policy: Annotated[
        str, typer.Argument(metavar="[NAME|FILE]", help="A shipped policy or a TOML file.")
    ] = "deidentify",
) -> None:
    """Print a policy with everything that it inherits, as a policy file; comments say where each line comes from."""
    from redactor.policy import resolve_policy

    print("\n".join(_lines(resolve_policy(policy))))


def _lines(resolved: ResolvedPolicy) -> Iterator[str]:
    policy, origins, chain = resolved.policy, resolved.merged.origins, resolved.merged.chain
    yield f"# {_printable(', which extends '.join(chain))}"
    settings = {f.name: getattr(policy, f.name) for f in fields(policy) if f.name != "labels"}
    rows = [(f"{key} = {_toml(value)}", origins.get(key, "built in")) for key, value in settings.items()]
    rows.insert(3, (f"default = {_toml(resolved.default)}", origins.get("default", "built in")))
    yield from _aligned(rows)
    yield ""
    yield "[labels]"
    by_default = f"default of {origins['default']}" if "default" in origins else "built-in default"
    rows = []
    for label, rule in sorted(policy.labels.items()):
        origin = origins.get(f"labels.{label}") or (by_default if rule == resolved.default else "built in")
        rows.append((f"{label} = {_toml(rule)}", origin))
    yield from _aligned(rows)


def _aligned(rows: list[tuple[str, str]]) -> Iterator[str]:
    """Lines with their origins as comments in one column, unless a line is long."""
    width = max((len(line) for line, _ in rows if len(line) <= 48), default=0)
    for line, origin in rows:
        yield f"{line:<{width}}  # {_printable(origin)}"


def _toml(value: Any) -> str:
    """A number, or a basic string (https://toml.io/en/v1.0.0#string), whose escapes are those of JSON and of DEL."""
    if not isinstance(value, str):
        return repr(value)
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def _printable(text: str) -> str:
    """A file's name for a comment: it may contain line breaks, or commands to the terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
