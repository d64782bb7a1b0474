# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Records that queues give about themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

R = TypeVar("R")


def _documented(**texts: str) -> Callable[[type[R]], type[R]]:
    """Gives each field of a NamedTuple its text for help()."""

    def document(record: type[R]) -> type[R]:
        for name, text in texts.items():
            getattr(record, name).__doc__ = text
        return record

    return document


@_documented(
    put="objects that were put",
    taken="handed out the first time",
    redelivered="handed out again",
    finished="task_done(), and those that went to the dead letters",
    dead_lettered="dead letters that were written",
    lost_in_hand="of a plain Queue: taken by consumers that died inside get()",
    deaths="participants that died without closing the queue",
    locks_repaired="inner locks that they held",
    queued="qsize()",
    queued_bytes="bytes that wait",
    memory_bytes="shared memory in use",
    memory_reserved_bytes="shared memory that the system keeps for the queue",
    participants="live processes that use the queue",
)
class Stats(NamedTuple):
    """Counters of one queue since it was made, over all processes."""

    put: int
    taken: int
    redelivered: int
    finished: int
    dead_lettered: int
    lost_in_hand: int
    deaths: int
    locks_repaired: int
    queued: int
    queued_bytes: int
    memory_bytes: int
    memory_reserved_bytes: int
    participants: int


@_documented(
    id="counts the participants that joined this queue: never used twice, unlike a pid",
    pid="the process, as this one's pid namespace numbers it, or its own does",
    slot="its place in the queue's table, which others use after it",
    joined="when, on the clock of time.monotonic()",
    is_this_process="whether it is this one",
    is_alive="whether it lives; a dead one is being repaired after",
    items_held="leases of a JoinableQueue",
)
class Participant(NamedTuple):
    """A process that uses a queue."""

    id: int
    pid: int
    slot: int
    joined: float
    is_this_process: bool
    is_alive: bool
    items_held: int


@_documented(
    number="deaths of this queue are counted from 1",
    id="that of the participant",
    pid="that of the participant",
    slot="that of the participant",
    joined="when it joined, on the clock of time.monotonic()",
    noticed="when another participant noticed its death",
    repaired="when everything was mended that it had left undone",
    repaired_by="the pid of the participant that did so",
    items_held="items of a JoinableQueue that it had taken and not finished: the sum of the next three",
    redelivered="of these: put back",
    dead_lettered="of these: delivered too often, and now dead letters",
    dropped="of these: dropped, since the queue was shut down immediately",
    lost_in_hand="items of a plain Queue that it was taking",
)
class Death(NamedTuple):
    """A process that died while it used a queue, and the fate of the items that it held."""

    number: int
    id: int
    pid: int
    slot: int
    joined: float
    noticed: float
    repaired: float
    repaired_by: int
    items_held: int
    redelivered: int
    dead_lettered: int
    dropped: int
    lost_in_hand: int


class DeadLetter:
    """An item that could not be processed, kept for people to look at."""

    __slots__ = {
        "_queue": None,
        "_format": None,
        "reason": "why it is here",
        "bytes": "the object that was put, encoded",
        "deliveries": "how often it was handed out",
        "number": "dead letters of this queue are counted from 1",
    }

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
