# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The verbs of queues that are coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator, Iterable
from types import TracebackType
from typing import Any, Generic, TypeVar

from ._asyncio import Waiters
from ._errors import Empty, Full, ShutDown
from ._native import ByteQueue
from .lease import Lease

T = TypeVar("T")


class Coroutines(ByteQueue, Generic[T]):
    """The coroutines of every queue: its verbs for asyncio."""

    _waiters: Waiters

    async def aget(self, timeout: float | None = None) -> T:
        """get() that lets asyncio's other tasks run. When it is cancelled, it has taken nothing."""
        got: T = await self._waiters.for_item(lambda: self._get_for("aget"), timeout)
        return got

    async def aget_many(self, most: int | None = None, timeout: float | None = None) -> list[T]:
        """get_many() that lets asyncio's other tasks run. When cancelled, it has taken nothing."""

        def attempt() -> list[T]:
            objects = self._get_many_for("aget_many", most)
            if not objects and most != 0:
                raise Empty
            return objects

        try:
            return await self._waiters.for_item(attempt, timeout)
        except Empty:
            return []

    async def aput(self, obj: T, timeout: float | None = None) -> None:
        """put() that lets asyncio's other tasks run. When it is cancelled, it has put nothing."""
        await self._waiters.for_room(lambda: self._put_for("aput", obj), timeout)

    async def aput_many(self, objs: Iterable[T], timeout: float | None = None) -> int:
        """put_many() that lets asyncio's other tasks run.

        When it is cancelled, the objects that had found room by then are in the queue.
        """
        prepared, count = self._prepare_many(objs)
        done = 0

        def attempt() -> None:
            nonlocal done
            if count == 0:
                return
            done = self._put_prepared(prepared, done)
            if done < count:
                raise Full

        try:
            await self._waiters.for_room(attempt, timeout)
        except Full:
            pass
        except ShutDown:
            if done == 0:
                raise
        return done

    def __aiter__(self) -> AsyncIterator[T]:
        """Objects as they come, by aget(), until the queue is shut down and empty."""
        return _Items(self)


class Leasing(Coroutine[Any, Any, Lease[T]]):
    """The result of alease(): ``await`` it for the lease, or ``async with`` it for a block of one."""

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


class _Items(Generic[T]):
    """The objects of a queue for ``async for``, until it is shut down and empty."""

    __slots__ = ("_queue", "_in_a_row")

    _MOST_IN_A_ROW = 64

    def __init__(self, queue: Coroutines[T]) -> None:
        self._queue = queue
        self._in_a_row = 0

    def __aiter__(self) -> _Items[T]:
        return self

    async def __anext__(self) -> T:
        # While there is always an object, aget() never waits. The sleep is before an object is
        # taken: a task that is cancelled in it holds none.
        self._in_a_row += 1
        if self._in_a_row > self._MOST_IN_A_ROW:
            self._in_a_row = 0
            await asyncio.sleep(0)
        try:
            return await self._queue.aget()
        except ShutDown:
            raise StopAsyncIteration from None
