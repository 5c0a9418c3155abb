"""Decode untrusted bytes in a process that can do nothing else.

    this process ──control──▶ zygote: libraries loaded, waits  ──fork──▶ one child a recording: limits, decode, answer,
         end
         └──────────── a socket for each recording ────────────────────────▶┘

Forking takes milliseconds, starting an interpreter with its libraries half a second. Each recording gets a process of
its own, so that an exploited decoder ends with its recording and never sees another. What a child gives up before it
reads the first byte:

    limits      memory, CPU and wall time; every descriptor but its channel, and new ones; capabilities; new privileges;
                core dumps
    landlock    all files, TCP, and signals to others (Linux with Landlock)
    seccomp     all but some thirty system calls: no program, process, thread, file, socket or executable memory (Linux
                with libseccomp)
    bubblewrap  access to the network, to other processes, and to files other than libraries (Linux, where it works)

Which of these are in force is established by a trial at the start and reported (`SandboxedDecoder.layers`, `lacking`).
A child's answer is not trusted: it is JSON whose values are checked and samples of the announced size, never a pickle.

The filter is not applied to the zygote (bwrap --seccomp): it would have to allow everything that starting Python needs,
and the zygote never sees a recording.

decoder: the parent's side · zygote: the other side · wire: the protocol · bubblewrap: the command · restrictions,
seccomp: what a child gives up.
"""

from redactor.audio.sandbox.decoder import LAYERS, SandboxedDecoder

__all__ = ["LAYERS", "SandboxedDecoder"]
