# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""One item of a JoinableQueue in this process's hands."""

from __future__ import annotations

from types import TracebackType
from typing import Generic, TypeVar

from ._native import ByteQueue

T = TypeVar("T")


class Lease(Generic[T]):
    """An item that is this process's until the lease ends; if the process dies first, it goes back.

    As a context manager, it ends when the block does::

        with jobs.lease() as task:
            work(task.value)

    At the end of the block the item is finished. If an exception leaves the block, it is given back,
    or becomes a dead letter where the queue was made with ``on_exception="dead_letter"``. A lease
    that the block has ended itself is left alone.

    One from ``alease()`` goes back, too, when its last reference is gone and it was not ended: a task
    that is cancelled may never get to see it.

    Threads: one at a time. A fork child has none of its parent's.
    """

    __slots__ = {
        "_queue": None,
        "_ticket": None,
        "_is_open": None,
        "_goes_back_when_dropped": None,
        "value": "the object",
        "deliveries": "how often it was handed out, this time included: 1 the first time",
    }

    def __init__(self, queue: ByteQueue, value: T, ticket: bytes, deliveries: int) -> None:
        self._queue = queue
        self._ticket = ticket
        self._is_open = True
        self._goes_back_when_dropped = False
        self.value = value
        self.deliveries = deliveries

    @property
    def is_open(self) -> bool:
        """Whether this object has not ended the lease yet."""
        return self._is_open

    def done(self) -> None:
        """The item is finished."""
        self._queue._finish(self._ticket)
        self._is_open = False

    def give_back(self) -> None:
        """The item waits again, before all younger ones."""
        self._queue._give_back(self._ticket)
        self._is_open = False

    def reject(self, reason: str) -> None:
        """The item becomes a dead letter, and is finished. TypeError when the reason is no str."""
        self._queue._reject(self._ticket, reason)
        self._is_open = False

    def __enter__(self) -> Lease[T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._is_open or self._queue._is_closed():
            return  # closing the queue has given it back
        if failure is None:
            self.done()
            return
        try:
            text = _text_of(failure)
        except BaseException:  # Ctrl-C, while the failure told its text
            self.give_back()
            raise
        if self._queue._options()[2]:  # dead_letters_on_exception
            self.reject(text)
        else:  # of which the text is told when it was the last delivery
            self._queue._give_back(self._ticket, text)
            self._is_open = False

    def __del__(self) -> None:
        if not self._is_open or not self._goes_back_when_dropped:
            return
        try:
            self.give_back()
        except Exception:
            pass  # the queue was closed, which has given it back; or it is the parent's of a fork

    def __repr__(self) -> str:
        state = "open" if self._is_open else "ended"
        return f"<Lease {state} of {self.value!r}, delivery {self.deliveries}>"


def _text_of(failure: BaseException) -> str:
    name = type(failure).__name__
    try:
        return f"{name}: {failure}"
    except Exception:  # its __str__ fails
        return name
