"""What the embedded servers have in common: one child process on one directory.

    directory/lock   held while we use the directory; the kernel frees it whenever we die
    directory/log    what the server says
    directory/data   owned by the account that the server runs as

Whoever holds the lock owns the directory: a server that still runs there belongs to a
run that was killed, and is ended before a new one starts.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGTERM, Signals
from time import sleep
from types import TracebackType
from typing import IO, ClassVar, NamedTuple, Self

import psutil

from blackbox.clock import Clock
from domain.errors import Unavailable

LAUNCHER = Path(__file__).with_name("launch.py")
PATIENCE = 60.0
"""Real seconds that a start (which may have a crash to recover from) or a stop may take."""
POLL = 0.01
CLOCK = Clock.real()


class Server:
    """A server program as a child process. Start it from the main thread: it ends with that thread.

    All methods block; a start takes a fraction of a second, but for the very first.
    """

    program: ClassVar[str]
    """Name of the process."""
    accounts: ClassVar[tuple[str, ...]]
    """Who it runs as where we are root: the first that exists."""
    stop_signal: ClassVar[Signals] = SIGTERM
    """Asks for a clean and quick end."""

    def __init__(self, directory: Path) -> None:
        """Nothing happens before `start`."""
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self.account = choose_account(self.accounts)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait until clients are served; recovers what a kill left behind.

        Raises Unavailable (with the end of the log) where that fails, or where another
        run uses the directory; InputError where something is missing on this machine.
        """
        if self.running:
            return
        make_enterable(self.directory)
        self._acquire()
        try:
            end(stragglers(self.program, self.data), self.stop_signal)
            command = self.prepare()
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self.launch(command),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # the terminal's Ctrl-C is ours to handle
                )
            self._await_ready(self._process.pid)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop cleanly, and leave the directory to others. Fine if not running."""
        if self._process is not None and self.running:
            end([psutil.Process(self._process.pid)], self.stop_signal)
            self._process.wait()
        if self._lock is not None:
            self.tidy()
            self._lock.close()
            self._lock = None

    def clear(self) -> None:
        """Forget all data. Raises Unavailable where another run uses the directory."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._acquire()
        try:
            end(stragglers(self.program, self.data), self.stop_signal)
            shutil.rmtree(self.data, ignore_errors=True)
        finally:
            self.stop()

    def kill(self) -> None:
        """End the server and all its processes by SIGKILL. `start` recovers."""
        if self._process is None or not self.running:
            raise RuntimeError(f"{self.program} does not run")
        main = psutil.Process(self._process.pid)
        end([main, *main.children(recursive=True)], Signals.SIGKILL)
        self._process.wait()

    def prepare(self) -> Sequence[str]:
        """Make `data` ready; return the command to run. For the kind of server to define."""
        raise NotImplementedError

    def tidy(self) -> None:
        """Remove, after a stop, what only a running server needs."""

    def ready(self, pid: int) -> bool:
        """Whether the server of that process id serves clients. For the kind of server to define."""
        raise NotImplementedError

    def launch(
        self, command: Sequence[str], directory: Path | None = None
    ) -> list[str]:
        """`command`, wrapped so that it runs as the account, in `directory` (`data`), until we die."""
        numbers = (os.getpid(), int(self.stop_signal), *self.account)
        python = [sys.executable, "-I", "-S", str(LAUNCHER)]
        return [*python, *map(str, numbers), str(directory or self.data), *command]

    def make_owned(self, directory: Path) -> None:
        """Make a directory that only the account can enter."""
        directory.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(directory, *self.account, follow_symlinks=False)

    def _acquire(self) -> None:
        """Take the lock of the directory, unless we have it."""
        if self._lock is not None:
            return
        lock = (self.directory / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise Unavailable(f"{self.directory} is in use by another run") from error
        self._lock = lock

    def _await_ready(self, pid: int) -> None:
        """Wait until clients are served. Raises Unavailable if they will not be."""
        settled = wait_until(lambda: not self.running or self.ready(pid), PATIENCE)
        if not (settled and self.running):
            raise Unavailable(f"{self.program} did not start: {self.log_tail()}")

    def log_tail(self, lines: int = 5) -> str:
        """The last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Account(NamedTuple):
    """Whom a server runs as."""

    uid: int
    gid: int


def choose_account(names: Sequence[str]) -> Account:
    """Our own account, or where we are root the first of `names` that exists."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in names if name in known)
    return Account(entry.pw_uid, entry.pw_gid)


def make_enterable(directory: Path) -> None:
    """Make a directory that the servers' accounts can enter; one that exists stays as it is."""
    if directory.is_dir():
        return
    make_enterable(directory.parent)
    directory.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        directory.chmod(0o755)  # whatever our umask


def stragglers(program: str, directory: Path) -> list[psutil.Process]:
    """Processes of that name that have `directory` as their working directory."""
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info == {"name": program, "cwd": str(directory.resolve())}
    ]


def end(processes: Sequence[psutil.Process], by: Signals) -> None:
    """End processes by the given signal; those that do not obey, by SIGKILL."""
    for number in (by, Signals.SIGKILL):
        for process in processes:
            send(process, number)
        if wait_until(lambda: not any(map(alive, processes)), PATIENCE / 2):
            return


def send(process: psutil.Process, number: Signals) -> None:
    """Send a signal to a process that may have ended by now."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def alive(process: psutil.Process) -> bool:
    """Whether it runs. A zombie does not: whoever inherited it may never collect it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition` holds, but no longer than that; return whether it does."""
    deadline = CLOCK.elapsed() + seconds
    while not (holds := condition()) and CLOCK.elapsed() < deadline:
        sleep(POLL)
    return holds
