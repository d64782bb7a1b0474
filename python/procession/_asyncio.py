# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Coroutines that wait for a queue, on asyncio.

A queue's descriptor is watched once for each event loop, however many coroutines wait. It tells
that there may be something: they are woken one after the other, oldest first, each by the one before
it that found something.

An object is taken, and handed to the coroutine, in one step of the loop: a coroutine that is cancelled
while it waits has taken nothing.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable
from types import TracebackType
from typing import Any, Generic, TypeVar

from ._errors import ClosedError, Empty, Full, ShutDown
from .lease import Lease, lease_from

T = TypeVar("T")


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
        async with _timeout(timeout, attempt) as last:
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
                    self._wake_one()  # what this one was told of is still there for others
                    raise
                # The next one may find something as well.
                self._wake_one()
                return result
        return last()

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


class _timeout:
    """A block that ends when the time is over; then one more attempt decides."""

    def __init__(self, timeout: float | None, attempt: Callable[[], Any]) -> None:
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


class _Joins:
    """The coroutines that wait in ajoin() of one queue.

    One thread waits for all of them, and ends a moment after the last one.
    """

    def __init__(self, queue: weakref.ref[Any]) -> None:
        self._queue = queue
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._waiting: list[asyncio.Future[bool]] = []
        self._runs = False

    async def wait(self, timeout: float | None) -> bool:
        queue = _there(self._queue)
        finished: bool = queue._join(0, "ajoin")
        if finished or (timeout is not None and timeout <= 0):
            return finished
        waiting = asyncio.get_running_loop().create_future()
        self._add(waiting)
        try:
            async with asyncio.timeout(timeout):
                finished = await waiting
                return finished
        except TimeoutError:
            if waiting.done() and not waiting.cancelled():
                raise  # join()'s own: a participant is stopped
            finished = queue._join(0, "ajoin")
            return finished
        finally:
            with self._lock:
                if waiting in self._waiting:
                    self._waiting.remove(waiting)

    def _add(self, waiting: asyncio.Future[bool]) -> None:
        if self._process != os.getpid():
            self._begin()  # the thread, and those who waited, are the parent's
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
            if not _there(self._queue)._join(0.25, "ajoin"):
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


class Leasing(Coroutine[Any, Any, Lease[T]]):
    """What alease() gives: ``await`` it for the lease, or ``async with`` it for a block of one."""

    __slots__ = ("_taking", "_lease")

    def __init__(self, taking: Coroutine[Any, Any, Lease[T]]) -> None:
        self._taking = taking
        self._lease: Lease[T] | None = None

    def send(self, value: Any) -> Any:
        return self._taking.send(value)

    def throw(self, *failure: Any) -> Any:
        return self._taking.throw(*failure)

    def close(self) -> None:
        self._taking.close()

    def __await__(self) -> Generator[Any, Any, Lease[T]]:
        return self._taking.__await__()

    async def __aenter__(self) -> Lease[T]:
        self._lease = await self._taking
        return self._lease

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._lease is not None
        self._lease.__exit__(kind, failure, traceback)


class Items(Generic[T]):
    """The objects of a queue for ``async for``, until it is shut down and empty."""

    __slots__ = ("_queue", "_in_a_row")

    _MOST_IN_A_ROW = 64

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._in_a_row = 0

    def __aiter__(self) -> Items[T]:
        return self

    async def __anext__(self) -> T:
        # While there is always an object, aget() never waits. Not after an object was taken: one
        # that is cancelled here holds none.
        self._in_a_row += 1
        if self._in_a_row > self._MOST_IN_A_ROW:
            self._in_a_row = 0
            await asyncio.sleep(0)
        try:
            item: T = await self._queue.aget()
        except ShutDown:
            raise StopAsyncIteration from None
        return item


class Waiters:
    """All coroutines of this process that wait for one queue."""

    def __init__(self, queue: Any) -> None:
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
                _Line(lambda: int(_there(queue)._ready_fd(False))),
                _Line(lambda: int(_there(queue)._ready_fd(True))),
            )
            self._lines[loop] = lines
        return lines

    def wake_all(self) -> None:
        """For what concerns everyone: the queue was closed. From any thread."""
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

    async def get(self, timeout: float | None) -> Any:
        queue = _there(self._queue)
        return await self._lines_of_this_loop()[0].until(
            lambda: queue._get_for("aget"), Empty, timeout
        )

    async def get_many(self, most: int | None, timeout: float | None) -> Any:
        queue = _there(self._queue)

        def attempt() -> Any:
            objects = queue._get_many_for("aget_many", most)
            if not objects and most != 0:
                raise Empty
            return objects

        try:
            return await self._lines_of_this_loop()[0].until(attempt, Empty, timeout)
        except Empty:
            return []

    async def lease(self, timeout: float | None) -> Any:
        queue = _there(self._queue)

        def attempt() -> Any:
            lease = lease_from(queue, queue._lease_for("alease"))
            lease._goes_back_when_dropped = True
            return lease

        return await self._lines_of_this_loop()[0].until(attempt, Empty, timeout)

    async def put(self, obj: Any, timeout: float | None) -> None:
        queue = _there(self._queue)
        await self._lines_of_this_loop()[1].until(
            lambda: queue._put_for("aput", obj), Full, timeout
        )

    async def put_many(self, objs: Iterable[Any], timeout: float | None) -> int:
        queue = _there(self._queue)
        prepared, count = queue._prepare_many(objs)
        done: int = 0

        def attempt() -> None:
            nonlocal done
            if count == 0:
                return
            done = queue._put_prepared(prepared, done)
            if done < count:
                raise Full

        try:
            await self._lines_of_this_loop()[1].until(attempt, Full, timeout)
        except Full:
            pass
        except ShutDown:
            if done == 0:
                raise
        return done

    async def join(self, timeout: float | None) -> bool:
        return await self._joins.wait(timeout)


def _there(queue: weakref.ref[Any]) -> Any:
    found = queue()
    if found is None:
        raise RuntimeError("the queue is gone")
    return found
