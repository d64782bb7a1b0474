# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Starts this interpreter once more as the keeper: see src/handoff/keeper.h."""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing import spawn, util

from . import _native

# Without site-packages and environment: it needs the native module alone.
_PROGRAM = (
    "import sys; from importlib.machinery import ExtensionFileLoader as L; "
    "from importlib.util import spec_from_file_location as s, module_from_spec as m; "
    "p = s('_native', sys.argv[1], loader=L('_native', sys.argv[1])); n = m(p); "
    "p.loader.exec_module(n); n.run_keeper(sys.argv[2])"
)

# Those that this process has started, and not collected yet.
_started: list[int] = []
_lock = threading.Lock()


def start(descriptor: int) -> None:
    """Starts a keeper that listens at the descriptor. It ends by itself."""
    executable = os.fsdecode(spawn.get_executable() or sys.executable or "")
    if not executable:
        raise RuntimeError(
            "the interpreter does not know its own program, which is to hold queues on their way; "
            "name it by multiprocessing.set_executable()"
        )
    arguments = [
        executable,
        "-I",
        "-S",
        "-c",
        _PROGRAM,
        os.path.abspath(_native.__file__),
        str(descriptor),
    ]
    collect()
    pid = util.spawnv_passfds(
        os.fsencode(executable), arguments, [descriptor]
    )
    with _lock:
        _started.append(pid)


def collect(options: int = os.WNOHANG) -> None:
    """Leaves no zombie of those that have ended; with 0, waits for all of them."""
    with _lock:
        for pid in list(_started):
            try:
                if os.waitpid(pid, options)[0] == 0:
                    continue
            except ChildProcessError:
                pass  # somebody else has collected it
            _started.remove(pid)


def end() -> None:
    """Lets go of the keeper and waits until those that this process has started have ended.

    For tests: they end when nobody uses them.
    """
    _native.leave_keeper()
    collect(0)


def _forget() -> None:
    global _lock
    _lock = threading.Lock()
    _started.clear()  # they are the parent's


os.register_at_fork(after_in_child=_forget)
