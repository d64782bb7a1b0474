# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""What queues tell about themselves."""

from __future__ import annotations

from typing import Any, NamedTuple


class Stats(NamedTuple):
    """Counters of one queue since it was made, over all processes."""

    put: int
    #: handed out the first time
    taken: int
    #: handed out again
    redelivered: int
    #: task_done(), and those that went to the dead letters
    finished: int
    dead_lettered: int
    #: of a plain Queue: taken by consumers that died inside get()
    lost_in_hand: int
    #: participants that died without closing the queue
    deaths: int
    #: inner locks that they held
    locks_repaired: int
    #: qsize()
    queued: int
    queued_bytes: int
    #: shared memory in use
    memory_bytes: int
    memory_reserved_bytes: int
    #: live processes that use the queue
    participants: int


class Participant(NamedTuple):
    """A process that uses a queue."""

    #: counts those who joined this queue: never used twice, unlike a pid
    id: int
    pid: int
    slot: int
    #: time.monotonic()
    joined: float
    is_this_process: bool
    is_alive: bool
    items_held: int


class Death(NamedTuple):
    """A process that died while it used a queue, and what became of what it held."""

    number: int
    id: int
    pid: int
    slot: int
    joined: float
    noticed: float
    repaired: float
    repaired_by: int
    #: items of a JoinableQueue that it had taken and not finished: the sum of the next three
    items_held: int
    redelivered: int
    dead_lettered: int
    dropped: int
    lost_in_hand: int


class DeadLetter:
    """An item that could not be processed, kept for people to look at."""

    __slots__ = ("_queue", "_format", "reason", "bytes", "deliveries", "number")

    def __init__(self, queue: Any, record: tuple[str, int, bytes, int, int]) -> None:
        self._queue = queue
        self.reason: str
        self.bytes: bytes
        self.deliveries: int
        self.number: int
        self.reason, self._format, self.bytes, self.deliveries, self.number = record

    def load(self) -> Any:
        """The object, if its bytes are one in this process."""
        return self._queue._decode(self._format, self.bytes)

    def __repr__(self) -> str:
        return (
            f"<DeadLetter {self.number}: {self.reason!r}, {len(self.bytes)} bytes, "
            f"delivered {self.deliveries} times>"
        )
