# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Coroutines that wait for a queue, on asyncio.

A queue's descriptor is watched once for each event loop, however many coroutines wait. It tells
that there may be something: they are woken one after the other, oldest first, each by the one before
it that found something.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from ._errors import Empty, Full


class _Line:
    """The coroutines of one event loop that wait for one side of one queue.

    It does not hold the loop: that would keep it alive as long as the queue.
    """

    def __init__(self, descriptor: Callable[[], int]) -> None:
        self._descriptor = descriptor
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._watched: int | None = None

    async def until(
        self, attempt: Callable[[], Any], nothing: type[Exception], timeout: float | None
    ) -> Any:
        """What attempt() gives once it does not raise `nothing`; raises it when the time is over."""
        if not self._waiting:
            try:
                return attempt()
            except nothing:
                pass
        async with _timeout(timeout, attempt, nothing) as last:
            while True:
                await self._turn()
                try:
                    result = attempt()
                except nothing:
                    continue
                # The next one may find something as well.
                self._wake_one()
                return result
        return last()

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._watch()
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
            self._watched = self._descriptor()
            asyncio.get_running_loop().add_reader(self._watched, self._wake_one)

    def _unwatch(self) -> None:
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None

    def _wake_one(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break
        if not self._waiting:
            self._unwatch()


class _timeout:
    """A block that ends when the time is over; then one more attempt decides."""

    def __init__(
        self, timeout: float | None, attempt: Callable[[], Any], nothing: type[Exception]
    ) -> None:
        self._timeout = asyncio.timeout(None if timeout is None else max(timeout, 0.0))
        self._attempt = attempt

    async def __aenter__(self) -> Callable[[], Any]:
        await self._timeout.__aenter__()
        return self._attempt

    async def __aexit__(self, kind: Any, failure: Any, traceback: Any) -> bool:
        try:
            await self._timeout.__aexit__(kind, failure, traceback)
        except TimeoutError:
            if self._timeout.expired():
                return True
            raise
        return False


class Waiters:
    """All coroutines of this process that wait for one queue."""

    def __init__(self, queue: Any) -> None:
        self._queue = weakref.ref(queue)
        self._lines: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[_Line, _Line]
        ] = weakref.WeakKeyDictionary()

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

    async def get(self, timeout: float | None) -> Any:
        queue = _there(self._queue)
        return await self._lines_of_this_loop()[0].until(queue.get_nowait, Empty, timeout)

    async def lease(self, timeout: float | None) -> Any:
        queue = _there(self._queue)
        return await self._lines_of_this_loop()[0].until(
            lambda: queue.lease(block=False), Empty, timeout
        )

    async def put(self, obj: Any, timeout: float | None) -> None:
        queue = _there(self._queue)
        await self._lines_of_this_loop()[1].until(lambda: queue.put_nowait(obj), Full, timeout)


def _there(queue: weakref.ref[Any]) -> Any:
    found = queue()
    if found is None:
        raise RuntimeError("the queue is gone")
    return found
