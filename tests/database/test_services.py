"""Embedded services: what is left after every way to die."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from blackbox.services.mosquitto import Mosquitto
from blackbox.services.postgres import EmbeddedPostgres
from blackbox.services.server import LAUNCHER, stragglers
from domain.errors import Unavailable
from tests.services import short_directory

CLIENT = """
import sys, time
from pathlib import Path
from blackbox.services.{module} import {kind}
with {kind}(Path(sys.argv[1])):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_committed_rows_survive_and_the_same_address_serves_again(
    new_postgres: Callable[[], EmbeddedPostgres], way: str
):
    cluster = new_postgres()
    url = cluster.url()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    getattr(cluster, way)()
    assert not cluster.running
    assert stragglers("postgres", cluster.data) == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    cluster.start()
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    assert cluster.url() == url


def test_kill_ends_open_sessions_in_the_middle_of_a_transaction(
    new_postgres: Callable[[], EmbeddedPostgres],
):
    cluster = new_postgres()
    connection = psycopg.connect(cluster.url())
    connection.execute("CREATE TABLE lost ()")
    cluster.kill()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    cluster.start()
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("SELECT to_regclass('lost')").fetchone() == (None,)


def test_killed_broker_comes_back_on_its_port(new_mosquitto: Callable[[], Mosquitto]):
    broker = new_mosquitto()
    url = broker.url
    broker.kill()
    assert not broker.running
    broker.start()
    assert (broker.running, broker.url) == (True, url)


def test_directory_in_use_is_refused_until_its_user_stops(
    new_postgres: Callable[[], EmbeddedPostgres],
):
    first = new_postgres()
    second = EmbeddedPostgres(first.directory)
    with pytest.raises(Unavailable, match="in use by another run"):
        second.start()
    first.stop()
    with second:
        assert second.running


SERVERS = [EmbeddedPostgres, Mosquitto]


@pytest.mark.parametrize("kind", SERVERS)
def test_server_ends_with_a_parent_that_is_killed_and_the_next_start_takes_over(
    kind: type[EmbeddedPostgres | Mosquitto],
):
    module = kind.__module__.rpartition(".")[2]
    with short_directory() as directory:
        code = CLIENT.format(module=module, kind=kind.__name__)
        parent = subprocess.Popen(
            [sys.executable, "-c", code, str(directory / "x")],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert parent.stdout is not None
        with parent, parent.stdout:
            assert parent.stdout.readline() == "up\n"
            (child,) = psutil.Process(parent.pid).children()
            parent.kill()
        with kind(directory / "x") as server:
            assert server.running
            assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_start_that_fails_says_why_and_leaves_nothing_behind():
    with short_directory() as directory:
        cluster = EmbeddedPostgres(
            directory / "postgres", settings={"shared_buffers": "1kB"}
        )
        with pytest.raises(
            Unavailable, match=r"(?s)postgres did not start.*shared_buffers"
        ):
            cluster.start()
        assert not cluster.running
        cluster.settings["shared_buffers"] = "16MB"
        with cluster:
            assert cluster.running


def test_interrupted_first_start_is_begun_anew():
    with short_directory() as directory:
        (directory / "postgres" / "data.new" / "base").mkdir(parents=True)
        with EmbeddedPostgres(directory / "postgres") as cluster:
            assert cluster.running


def test_launcher_refuses_to_start_for_a_parent_that_is_gone(tmp_path: Path):
    command = [
        sys.executable,
        str(LAUNCHER),
        "1",
        "15",
        "0",
        "0",
        str(tmp_path),
        "/bin/true",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "gone" in done.stderr
