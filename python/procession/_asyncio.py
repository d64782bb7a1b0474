# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""How coroutines wait for a queue, on asyncio.

A queue's descriptor is watched once for each event loop, however many coroutines wait. It tells that
there may be something: the coroutines are woken one after the other, oldest first, each by the one
before it that found something.

An object is taken, and handed to the coroutine, in one step of the loop: a coroutine that is cancelled
while it waits has taken nothing.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from ._errors import ClosedError, Empty, Full
from ._native import ByteQueue

R = TypeVar("R")


class _Line:
    """The coroutines of one event loop that wait for one side of one queue.

    It does not hold the loop: that would keep it alive as long as the queue.
    """

    def __init__(self, descriptor: Callable[[], int]) -> None:
        self._descriptor = descriptor
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._watched: int | None = None

    async def until(
        self, attempt: Callable[[], R], nothing: type[Exception], timeout: float | None
    ) -> R:
        """The result of attempt() once it does not raise `nothing`; `nothing` at the timeout."""
        if not self._waiting:
            try:
                return attempt()
            except nothing:
                pass
        async with _TimeLimit(timeout):
            return await self._found(attempt, nothing)
        return attempt()

    async def _found(self, attempt: Callable[[], R], nothing: type[Exception]) -> R:
        while True:
            try:
                await self._turn()
            except ClosedError:
                pass  # while this one was getting into line; the attempt says so
            try:
                result = attempt()
            except nothing:
                continue
            except BaseException:
                self._wake_one()  # the thing that woke this one is still there for others
                raise
            # The next one may find something as well.
            self._wake_one()
            return result

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._watch()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake_one()  # it was this one's turn
            raise
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
            if not self._waiting:
                self._unwatch()

    def _watch(self) -> None:
        if self._watched is None:
            # A number of its own: the queue's may be closed, and be another file's, before the loop
            # lets go of it.
            watched = os.dup(self._descriptor())
            try:
                asyncio.get_running_loop().add_reader(watched, self._wake_one)
            except BaseException:
                os.close(watched)
                raise
            self._watched = watched

    def _unwatch(self) -> None:
        if self._watched is not None:
            watched, self._watched = self._watched, None
            asyncio.get_running_loop().remove_reader(watched)
            os.close(watched)

    def __del__(self) -> None:
        if self._watched is not None:
            os.close(self._watched)  # the loop has ended

    def _wake_one(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break
        if not self._waiting:
            self._unwatch()

    def wake_all(self) -> None:
        while self._waiting:
            self._wake_one()


class _TimeLimit:
    """A block that ends when the time is over.

    A timer in a local variable would make a cycle: the timer holds the task, the task its exception,
    the exception the frame.
    """

    def __init__(self, timeout: float | None) -> None:
        self._timer = asyncio.timeout(None if timeout is None else max(timeout, 0.0))

    async def __aenter__(self) -> None:
        await self._timer.__aenter__()

    async def __aexit__(self, *failure: Any) -> bool:
        try:
            await self._timer.__aexit__(*failure)
        except TimeoutError:
            return True
        return False


class _Joins:
    """The coroutines that wait in ajoin() of one queue.

    One thread waits for all of them, and ends a moment after the last one.
    """

    def __init__(self, queue: weakref.ref[ByteQueue]) -> None:
        self._queue = queue
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._waiting: list[asyncio.Future[bool]] = []
        self._runs = False

    async def wait(self, timeout: float | None) -> bool:
        finished = self._is_finished(0)
        if finished or (timeout is not None and timeout <= 0):
            return finished
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._add(waiting)
        try:
            async with _TimeLimit(timeout):
                return await waiting
            return self._is_finished(0)
        finally:
            with self._lock:
                if waiting in self._waiting:
                    self._waiting.remove(waiting)

    def _is_finished(self, timeout: float) -> bool:
        return _there(self._queue)._join(timeout, "ajoin")

    def _add(self, waiting: asyncio.Future[bool]) -> None:
        if self._process != os.getpid():
            self._begin()  # the thread, and the coroutines that waited, are the parent's
        with self._lock:
            self._waiting.append(waiting)
            if self._runs:
                return
            self._runs = True
        threading.Thread(target=self._run, name="procession-ajoin", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                # Only these: one that comes later may find that something is unfinished again.
                asking = list(self._waiting)
                if not asking:
                    self._runs = False
                    return
            self._ask(asking)

    def _ask(self, asking: list[asyncio.Future[bool]]) -> None:
        failure: BaseException | None = None
        try:
            if not self._is_finished(0.25):
                return
        except BaseException as failed:
            failure = failed
        with self._lock:
            self._waiting = [each for each in self._waiting if each not in asking]
        for each in asking:
            try:
                each.get_loop().call_soon_threadsafe(_settle, each, failure)
            except RuntimeError:
                pass  # its loop is closed
        failure = None  # it holds this frame, and this frame it


def _settle(waiting: asyncio.Future[bool], failure: BaseException | None) -> None:
    if waiting.done():
        return
    if failure is None:
        waiting.set_result(True)
    else:
        waiting.set_exception(failure)


class Waiters:
    """All coroutines of this process that wait for one queue."""

    def __init__(self, queue: ByteQueue) -> None:
        self._queue = weakref.ref(queue)
        self._lines: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[_Line, _Line]
        ] = weakref.WeakKeyDictionary()
        self._joins = _Joins(self._queue)

    def _lines_of_this_loop(self) -> tuple[_Line, _Line]:
        loop = asyncio.get_running_loop()
        lines = self._lines.get(loop)
        if lines is None:
            queue = self._queue
            lines = (
                _Line(lambda: _there(queue)._ready_fd(False)),
                _Line(lambda: _there(queue)._ready_fd(True)),
            )
            self._lines[loop] = lines
        return lines

    def wake_all(self) -> None:
        """For a closed queue, which concerns all of them. From any thread."""
        for loop in self._loops():
            for line in self._lines.get(loop, ()):
                try:
                    loop.call_soon_threadsafe(line.wake_all)
                except RuntimeError:
                    pass  # the loop is closed

    def _loops(self) -> list[asyncio.AbstractEventLoop]:
        while True:
            try:
                return list(self._lines)
            except RuntimeError:
                continue  # another thread has added its loop

    async def for_item(self, attempt: Callable[[], R], timeout: float | None) -> R:
        """The result of attempt(), once it does not raise Empty; Empty at the timeout."""
        return await self._lines_of_this_loop()[0].until(attempt, Empty, timeout)

    async def for_room(self, attempt: Callable[[], R], timeout: float | None) -> R:
        """The result of attempt(), once it does not raise Full; Full at the timeout."""
        return await self._lines_of_this_loop()[1].until(attempt, Full, timeout)

    async def for_join(self, timeout: float | None) -> bool:
        """Whether every object was finished in time."""
        return await self._joins.wait(timeout)


def _there(queue: weakref.ref[ByteQueue]) -> ByteQueue:
    found = queue()
    if found is None:
        raise RuntimeError("the queue is gone")
    return found
