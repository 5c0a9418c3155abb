"""Decoding untrusted bytes in a process that can do nothing else.

    this process ──control──▶ zygote: libraries loaded, waits  ──fork──▶ one child a recording: limits, decode, answer, end
         └──────────── a socket for each recording ────────────────────────▶┘

Forking takes milliseconds where starting an interpreter with its libraries takes half a second, and each recording gets a process of its own:
what one of them does to its decoder ends with it, and no two recordings ever share one. A child has limits on memory, CPU and wall time,
cannot open any file (all its descriptors are taken), write one, or dump core; with bubblewrap (Linux) it also has no network, no other
processes, none of the file system but libraries, and no privileges. Its answer is not believed: plain JSON of checked values and samples of
the promised size, never a pickle.

decoder: this side · zygote: the other · wire: what goes between · bubblewrap: the command.
"""

from redactor.audio.confine.decoder import ConfinedDecoder

__all__ = ["ConfinedDecoder"]
