# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""How this interpreter is started once more as the keeper: see handoff/keeper.h."""

from __future__ import annotations

import os
from multiprocessing import spawn

from . import _native

# Without site-packages and environment: it needs the native module alone.
_PROGRAM = (
    "import sys; from importlib.machinery import ExtensionFileLoader as L; "
    "from importlib.util import spec_from_file_location as s, module_from_spec as m; "
    "p = s('_native', sys.argv[1], loader=L('_native', sys.argv[1])); n = m(p); "
    "p.loader.exec_module(n); n.run_keeper(sys.argv[2])"
)


def command() -> list[str]:
    executable = os.fsdecode(spawn.get_executable() or "python3")
    return [executable, "-I", "-S", "-c", _PROGRAM, os.path.abspath(_native.__file__)]
