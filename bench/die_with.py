# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""For scripts that the benchmarks start, and for the processes that those start."""
import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1


def die_with(parent):
    """From now on this process is killed when `parent` ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
