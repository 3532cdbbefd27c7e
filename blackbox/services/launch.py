"""Become a server program that does not outlive its parent. A script of its own, not a module.

    python -I -S launch.py PARENT SIGNAL UID GID DIRECTORY PROGRAM [ARGUMENT …]

Gives up root's rights for the given account, enters the directory (so that one which the
account cannot enter is found here, with a clear message), asks the kernel for SIGNAL when
the parent dies, by whatever cause, and turns into the program under the same process id.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(
    parent: str, signal: str, uid: str, gid: str, directory: str, *command: str
) -> None:
    """Do what the module says; returns only by an exception."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    os.chdir(directory)
    if sys.platform == "linux":
        # After the change of account, which would undo it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal))
    if os.getppid() != int(parent):
        raise ProcessLookupError(f"parent {parent} is gone")
    os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"as user {os.getuid()}: {error}")
