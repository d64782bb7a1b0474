# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""multiprocessing.queues over Procession, with the details that CPython's tests pin on top.

Three things differ from the package: put() hands pickling errors to _on_queue_feeder_error() and
returns, as the feeder thread of CPython does; a closed queue answers as CPython's; the connections
behind a queue, which Pool and concurrent.futures use, are imitated.
"""

__all__ = ["Queue", "SimpleQueue", "JoinableQueue"]

import os
import select
import time
import traceback
from queue import Empty, Full

import procession
from procession import DecodeError, SharingError


def _note(queue):
    """Proves that these classes were used: a line for each queue, where the ledger is asked for."""
    ledger = os.environ.get("PROCESSION_OVERLAY_LEDGER")
    if not ledger:
        return
    standard = next(
        cls for cls in type(queue).__mro__ if cls.__module__ == __name__
    ).__name__
    line = f"{standard} {type(queue).__module__}.{type(queue).__qualname__} {os.getpid()}\n"
    descriptor = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def _arrived(get, *arguments):
    """The result of get(); an object that fails to arrive raises the error of its own code."""
    try:
        return get(*arguments)
    except DecodeError as failed:
        if failed.__cause__ is not None:
            raise failed.__cause__
        raise


class _End:
    """Stands for one of the two connections behind a queue of CPython."""

    def __init__(self, queue):
        self._queue = queue
        self._closed_here = False

    @property
    def closed(self):
        return self._closed_here or self._queue.closed

    def close(self):
        # The other end goes on: Pool's workers close the ends that they do not use.
        self._closed_here = True

    def _check(self):
        if self.closed:
            raise OSError("handle is closed")


class _Reader(_End):
    def fileno(self):
        self._check()
        descriptor = self._queue.fileno()
        self._settle()
        return descriptor

    def poll(self, timeout=0.0):
        self._check()
        deadline = None if timeout is None else time.monotonic() + max(timeout, 0.0)
        while self._queue._is_empty():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            self._queue._look_again()
            select.select([self._queue.fileno()], [], [], left)
        return True

    def recv(self):
        self._check()
        got = _arrived(self._queue._get)
        self._settle()
        return got

    def _settle(self):
        # A connection is readable only while there is a message.
        if self._queue._is_empty():
            self._queue._look_again()


class _Writer(_End):
    def send(self, obj):
        self._check()
        self._queue._put(obj)


class _NoLock:
    """Nothing has to be locked."""

    def acquire(self, block=True, timeout=None):
        return True

    def release(self):
        pass

    def __enter__(self):
        return True

    def __exit__(self, *failure):
        pass


class _Standard:
    """The common part of all three."""

    _was_used = False
    _ignore_epipe = False

    def __setstate__(self, state):
        super().__setstate__(state)
        _note(self)

    @property
    def _closed(self):
        return self.closed

    @property
    def _reader(self):
        return self.__dict__.setdefault("_reading_end", _Reader(self))

    @property
    def _writer(self):
        return self.__dict__.setdefault("_writing_end", _Writer(self))

    def _is_empty(self):
        return super().empty()

    def _get(self, *arguments):
        return super().get(*arguments)

    def _put(self, obj, *arguments):
        super().put(obj, *arguments)


class Queue(_Standard, procession.Queue):
    def __init__(self, maxsize=0, *, ctx):
        super().__init__(maxsize)
        _note(self)

    def put(self, obj, block=True, timeout=None):
        self._check_open()
        self._was_used = True
        try:
            self._put(obj, block, timeout)
        except (Full, procession.Error) as failed:
            if not isinstance(failed, SharingError):
                raise
            self._on_queue_feeder_error(failed, obj)
        except Exception as failed:
            self._on_queue_feeder_error(failed, obj)

    def get(self, block=True, timeout=None):
        self._check_open()
        return _arrived(self._get, block, timeout)

    def put_nowait(self, obj):
        return self.put(obj, False)

    def get_nowait(self):
        return self.get(False)

    def empty(self):
        if not self.closed:
            return super().empty()
        if self._was_used:
            raise OSError("handle is closed")
        return True

    def join_thread(self):
        assert self.closed, f"Queue {self!r} not closed"

    def _check_open(self):
        if self.closed:
            raise ValueError(f"Queue {self!r} is closed")

    def _terminate_broken(self):
        self.close()

    def _start_thread(self):
        pass

    @staticmethod
    def _on_queue_feeder_error(e, obj):
        traceback.print_exc()


class JoinableQueue(Queue, procession.JoinableQueue):
    def __init__(self, maxsize=0, *, ctx):
        procession.JoinableQueue.__init__(self, maxsize)
        _note(self)


class SimpleQueue(_Standard, procession.SimpleQueue):
    def __init__(self, *, ctx):
        super().__init__()
        self._rlock = self._wlock = _NoLock()
        _note(self)

    def __setstate__(self, state):
        super().__setstate__(state)
        self._rlock = self._wlock = _NoLock()

    def empty(self):
        return not self._reader.poll()

    def _poll(self):
        return self._reader.poll()

    def get(self):
        return self._reader.recv()

    def put(self, obj):
        self._writer.send(obj)
