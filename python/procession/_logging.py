# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The library's log lines, as records of the logger "procession".

Its level is that of the environment variable PROCESSION_LOG (debug, info, warning, error, off),
without it `warning`, until setLevel() is called. Where the program handles no records, they are
written to stderr.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys

from . import _native

OFF = logging.CRITICAL + 10
#: By the numbers of procession::LogLevel.
LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, OFF)
_NAMES = {"debug": 0, "info": 1, "warning": 2, "error": 3, "off": 4}


class _Logger(logging.Logger):
    """A logger that gives its level to the library, which then makes no lines for nothing."""

    def setLevel(self, level: int | str) -> None:
        super().setLevel(level)
        _native.set_log_level(_number_of(self.level))


def _number_of(level: int) -> int:
    if level == logging.NOTSET:
        return _NAMES["warning"]
    return next((n for n, each in enumerate(LEVELS) if each >= level), _NAMES["off"])


class _ToStderr(logging.Handler):
    """For programs that have no handlers of their own."""

    def emit(self, record: logging.LogRecord) -> None:
        if logging.getLogger().handlers or logger.handlers != [self] or sys.stderr is None:
            return
        level = record.levelname.lower()
        sys.stderr.write(f"[procession {level}] {record.getMessage()}\n")


def _level_asked_for() -> int | None:
    name = os.environ.get("PROCESSION_LOG", "")
    if name and name not in _NAMES:
        sys.stderr.write(
            f"procession: PROCESSION_LOG={name} is not known; use debug, info, warning, error or "
            "off\n"
        )
    return LEVELS[_NAMES[name]] if name in _NAMES else None


def log(level: int, text: str) -> None:
    """The native module calls this for each line."""
    logger.log(LEVELS[level], "%s", text)


def _begin() -> None:
    asked_for = _level_asked_for()
    logger.__class__ = _Logger  # also of one that the program has got, and set up, before
    if asked_for is not None:
        logger.setLevel(asked_for)
    else:
        logger.setLevel(logger.level or logging.WARNING)
    if not logger.handlers:
        logger.addHandler(_ToStderr())
    _native.use_logger(log)
    # Afterwards there is no interpreter to handle them.
    atexit.register(_native.use_logger, None)


logger = logging.getLogger("procession")
_begin()
