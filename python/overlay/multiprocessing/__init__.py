# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The standard multiprocessing, but for the modules that stand beside this file.

With this folder's parent in PYTHONPATH, every program of the interpreter and all its children get
Procession's queues under the standard names. It is there to run CPython's own tests against them; a
program that wants them imports procession.
"""

import os as _os

_overlay = _os.path.dirname(__file__)
_standard = _os.path.join(_os.path.dirname(_os.__file__), "multiprocessing")
__path__ = [_overlay, _standard]
# A search for the package's own files finds them there.
__file__ = _os.path.join(_standard, "__init__.py")
with open(__file__, encoding="utf-8") as _source:
    exec(compile(_source.read(), __file__, "exec"))
