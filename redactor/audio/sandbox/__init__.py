"""Decoding untrusted bytes in a process that can do nothing else.

    this process ──control──▶ zygote: libraries loaded, waits  ──fork──▶ one child a recording: limits, decode, answer,
         end
         └──────────── a socket for each recording ────────────────────────▶┘

Forking takes milliseconds where starting an interpreter with its libraries takes half a second, and each recording gets
a process of its own:
what one of them does to its decoder ends with it, and no two recordings ever share one. What a child gives up before
it reads the first byte:

    limits      memory, CPU and wall time; every descriptor but its channel, and any new one; capabilities; new
                privileges; core dumps
    landlock    all files, TCP, and signals to others (Linux with Landlock)
    seccomp     every system call but some thirty: no program, process, thread, file, socket, code (Linux with
                libseccomp)
    bubblewrap  the sight of the network, of other processes, and of the file system but for libraries (Linux, where
                it works)

What of these is in force is found by a trial at the start, and told (`ConfinedDecoder.layers`, `lacking`). A child's
answer is not believed:
plain JSON of checked values and samples of the promised size, never a pickle.

The filter is not put on the zygote too (bwrap --seccomp): it would have to allow all that starting Python takes, and
the zygote never sees a recording.

decoder: this side · zygote: the other · wire: what goes between · bubblewrap: the command · restrictions, seccomp:
what a child gives up.
"""

from redactor.audio.sandbox.decoder import LAYERS, ConfinedDecoder

__all__ = ["LAYERS", "ConfinedDecoder"]
