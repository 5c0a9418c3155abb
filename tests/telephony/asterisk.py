"""Runs a real Asterisk for tests without installing it: Debian's packages of another release are unpacked into a folder
and run there.

    python tests/telephony/asterisk.py FOLDER      # downloads and unpacks about 90 MB; needs apt-get and dpkg-deb, but
                                                   # not root

apt gets a state of its own (an empty dpkg status, so that it also fetches libc), the archive's address comes from the
machine's own apt sources, and Asterisk is started by its own release's dynamic loader, so that it needs neither chroot
nor containers. SIP and RTP stay on the loopback interface.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

SUITES = ("bullseye", "sid")
PACKAGES = ("asterisk", "asterisk-voicemail", "asterisk-core-sounds-en-wav")
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib", "usr/lib/x86_64-linux-gnu/pulseaudio")
SIP, RTP = 15160, (16000, 16100)
MODULES = (
    "res_timing_timerfd pbx_config app_playback app_voicemail app_mixmonitor app_stack app_verbose app_echo app_dial "
    "func_callerid codec_ulaw codec_alaw codec_gsm format_wav format_wav_gsm format_gsm format_pcm format_sln "
    "res_pjproject res_sorcery_config res_rtp_asterisk res_smdi res_adsi bridge_simple res_http_websocket res_crypto "
    "chan_sip"
).split()
"""In this order: res_rtp_asterisk needs the two before it."""


def missing() -> str:
    """The missing requirement of `prepare`, or ""."""
    for program, package in (("apt-get", "apt"), ("dpkg-deb", "dpkg")):
        if shutil.which(program) is None:
            return f"{program} is not installed (the package {package})"
    return ""


def is_prepared(folder: Path) -> bool:
    return (folder / "root/usr/sbin/asterisk").exists()


def prepare(folder: Path) -> None:
    """Download and unpack.

    Raises:
        RuntimeError: the archive has no Asterisk, or cannot be reached.
    """
    for made in ("state/lists/partial", "cache/archives/partial", "root"):
        (folder / made).mkdir(parents=True, exist_ok=True)
    (folder / "state/status").touch()
    for suite in SUITES:
        sources = folder / f"{suite}.list"
        sources.write_text(
            f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {_archive()} {suite} main\n"
        )
        options = [
            f"Dir::Etc::SourceList={sources}",
            "Dir::Etc::SourceParts=/dev/null",
            f"Dir::State={folder}/state",
            f"Dir::State::status={folder}/state/status",
            f"Dir::Cache={folder}/cache",
            "APT::Sandbox::User=",
        ]
        apt = ["apt-get", "-qq", *(w for o in options for w in ("-o", o))]
        fetch = [*apt, "-y", "-d", "--no-install-recommends", "install", *PACKAGES]
        if not any(
            subprocess.run(c, capture_output=True, timeout=540, check=False).returncode
            for c in ([*apt, "update"], fetch)
        ):
            break
    else:
        raise RuntimeError("no Debian archive of this machine has Asterisk, or none can be reached")
    for package in sorted((folder / "cache/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
    shutil.rmtree(folder / "cache")


def _archive() -> str:
    """The Debian archive that this machine's apt uses."""
    texts = [
        p.read_text()
        for p in (*Path("/etc/apt").glob("sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*")))
    ]
    for text in texts:
        if found := re.search(r"https?://\S+/debian/?(?=\s)", text + "\n"):
            return found[0]
    raise RuntimeError("apt has no Debian archive in its sources")


class Asterisk:
    """A running Asterisk.

    Args:
        prepared: folder of `prepare`.
        here: folder for configuration, spool and logs.
        hook: command of the hook, without the front's name.
        mail: whether mail goes to the hook.
    """

    def __init__(self, prepared: Path, here: Path, *, hook: str) -> None:
        self.root = prepared / "root"
        self.here, self.spool, self.etc = here, here / "spool", here / "etc"
        self.voicemail, self.monitor = self.spool / "voicemail", self.spool / "monitor"
        for folder in (self.etc, self.monitor, self.voicemail, here / "run", here / "log", here / "lib"):
            folder.mkdir(parents=True)
        sounds = self._sounds()
        for name, text in configuration(self, sounds, hook).items():
            (self.etc / name).write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    def _sounds(self) -> Path:
        """The data folder, with the language's link that the package's scripts would make."""
        data = self.here / "data"
        (data / "sounds").mkdir(parents=True)
        (data / "sounds/en").symlink_to(self.root / "usr/share/asterisk/sounds/en_US_f_Allison")
        for below in ("documentation", "static-http", "phoneprov"):
            if (self.root / "usr/share/asterisk" / below).exists():
                (data / below).symlink_to(self.root / "usr/share/asterisk" / below)
        return data

    def _command(self, *words: str) -> list[str]:
        loader = self.root / "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
        if not loader.exists():
            loader = self.root / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
        path = ":".join(str(self.root / p) for p in LIBRARIES)
        return [
            str(loader),
            "--library-path",
            path,
            str(self.root / "usr/sbin/asterisk"),
            "-C",
            str(self.etc / "asterisk.conf"),
            *words,
        ]

    def __enter__(self) -> Asterisk:
        log = (self.here / "console").open("wb")
        with log:
            self._process = subprocess.Popen(
                self._command("-f", "-n"), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.here
            )
        try:
            until = time.monotonic() + 60
            while "fully booted" not in self.console("core waitfullybooted").lower():
                assert self._process.poll() is None, (self.here / "console").read_text()[-3000:]
                assert time.monotonic() < until, "Asterisk does not come up"
                time.sleep(0.2)
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def console(self, command: str) -> str:
        """The answer of the command line interface."""
        return subprocess.run(
            self._command("-rx", command), capture_output=True, text=True, timeout=60, check=False
        ).stdout


def configuration(asterisk: Asterisk, data: Path, hook: str) -> dict[str, str]:
    """The files of /etc/asterisk. Mailbox 100 keeps its messages, 101 mails and deletes them; `mix` records a call,
    `main` is VoiceMailMain.
    """
    here, root = asterisk.here, asterisk.root
    modules = next(
        p for p in (root / "usr/lib/asterisk/modules", root / "usr/lib/x86_64-linux-gnu/asterisk/modules") if p.exists()
    )
    recorded = f"{asterisk.monitor}/${{UNIQUEID}}"
    legs = f"r({recorded}-rx.wav)t({recorded}-tx.wav)"
    return {
        "asterisk.conf": f"""[directories]
astetcdir => {asterisk.etc}
astmoddir => {modules}
astvarlibdir => {here}/lib
astdbdir => {here}/lib
astkeydir => {here}/lib
astdatadir => {data}
astspooldir => {asterisk.spool}
astrundir => {here}/run
astlogdir => {here}/log
[options]
nocolor = yes
""",
        "modules.conf": "[modules]\nautoload=no\n"
        + "".join(f"load={name}.so\n" for name in MODULES if (modules / f"{name}.so").exists()),
        "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error\n",
        "rtp.conf": f"[general]\nrtpstart={RTP[0]}\nrtpend={RTP[1]}\nstrictrtp=no\nicesupport=no\n",
        "sip.conf": f"[general]\ncontext=in\nallowguest=yes\nudpbindaddr=127.0.0.1:{SIP}\ndisallow=all\n"
        "allow=ulaw\ndirectmedia=no\nnat=no\n",
        "voicemail.conf": f"""[general]
format=wav|gsm
externnotify={hook} asterisk
mailcmd={hook} mailcmd
serveremail=pbx
attach=yes
minsecs=1
maxsilence=0
[default]
100 => 1234,Clinic
101 => 1234,Other,clinic@example.invalid,,delete=yes|attach=yes
""",
        "extensions.conf": f"""[in]
exten => vm,1,Answer()
 same => n,VoiceMail(100@default,s)
 same => n,Hangup()
exten => vmd,1,Answer()
 same => n,VoiceMail(101@default,s)
 same => n,Hangup()
exten => main,1,Answer()
 same => n,VoiceMailMain(100@default,s)
 same => n,Hangup()
exten => mix,1,Answer()
 same => n,MixMonitor({recorded}.wav,{legs},{hook} mixmonitor ^{{MIXMONITOR_FILENAME}} ^{{UNIQUEID}})
 same => n,Echo()
exten => h,1,NoOp()
""",
    }


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
    print("prepared")
