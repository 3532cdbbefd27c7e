"""mosquitto as an embedded service, with the configuration that compose uses too."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from blackbox.services.server import Server
from domain.errors import InputError

HOST = "127.0.0.1"
SYSTEM_PROGRAMS = "/usr/sbin:/usr/local/sbin"
"""Where Debian has mosquitto, and where an ordinary user's PATH does not lead."""
PACKAGED = Path(__file__).with_name("mosquitto.conf")
"""Where the wheel has the configuration; a clone has it in docker/."""
IN_CLONE = Path(__file__).parents[2] / "docker" / "mosquitto.conf"
INSTALL = "install it with:  sudo apt-get install mosquitto  — or set BLACKBOX_MQTT_URL to a broker"


class Mosquitto(Server):
    """A broker of our own, on a port of the loopback interface."""

    program = "mosquitto"
    accounts = ("mosquitto", "nobody")

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """`port`: a free one by default, the same at each start. `say`: told of an installation."""
        super().__init__(directory)
        self.port = port or free_port()
        self._say = say

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"mqtt://{HOST}:{self.port}"

    def prepare(self) -> Sequence[str]:
        """Find the program, installing it if need be, and write its configuration."""
        program = find_program() or install(self._say)
        self.make_owned(self.data)
        shared = PACKAGED if PACKAGED.exists() else IN_CLONE
        own = f"\nlistener {self.port} {HOST}\npersistence_location {self.data}/\n"
        configuration = self.directory / "mosquitto.conf"
        configuration.write_text(shared.read_text() + own)
        configuration.chmod(0o644)
        return [program, "-c", str(configuration)]

    def ready(self, pid: int) -> bool:
        """Whether somebody listens on our port."""
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def find_program() -> str | None:
    """Path of mosquitto, if it is installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=SYSTEM_PROGRAMS)


def install(say: Callable[[str], None]) -> str:
    """Install mosquitto where we may, and return its path; else raise InputError with what to do."""
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        raise InputError(
            zh="缺少 mosquitto（MQTT 代理）。",
            en=f"mosquitto (the MQTT broker) is missing; {INSTALL}",
        )
    say("installing mosquitto with apt-get …")
    for arguments in (
        ["update"],
        ["install", "-y", "--no-install-recommends", "mosquitto"],
    ):
        subprocess.run(
            [apt, "-qq", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,  # what counts is whether the program is there afterwards
        )
    program = find_program()
    if program is None:
        raise InputError(
            zh="用 apt-get 安装 mosquitto 失败。",
            en=f"mosquitto could not be installed with apt-get; {INSTALL}",
        )
    return program


def version() -> str:
    """What is installed: "mosquitto 2.0.11", or "no mosquitto"."""
    program = find_program()
    if program is None:
        return "no mosquitto"
    said = subprocess.run(
        [program, "-h"], capture_output=True, text=True, check=False
    ).stdout
    return said.splitlines()[0].replace(" version", "")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
