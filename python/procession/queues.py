# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Queue, JoinableQueue and SimpleQueue: multiprocessing's, over Procession's shared memory.

Methods that multiprocessing has behave as there, but for the differences that docs/python.md lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any, Literal, Self, Type, TypedDict, TypeVar, Unpack, overload

from . import _passing
from ._asyncio import Waiters
from ._coroutines import Coroutines, Leasing
from ._errors import ClosedError, Error, ShutDown
from ._messagepack import converter_to
from .lease import Lease
from .records import DeadLetter, Death, Participant, Stats

T = TypeVar("T")
Codec = Literal["pickle", "msgpack"]
OnException = Literal["give_back", "dead_letter"]


# For type checkers: the options that do not concern the type of the objects.
class _Options(TypedDict, total=False):
    max_bytes: int
    memory_limit: int
    name: str


class _JoinableOptions(_Options, total=False):
    max_deliveries: int
    on_exception: OnException


def _check_choice(name: str, value: str, first: str, second: str) -> None:
    if value not in (first, second):
        raise ValueError(f"{name} is {value!r}; it is {first!r} or {second!r}")


class Queue(Coroutines[T]):
    """First in, first out, between processes.

    A put() that has returned is in shared memory. Any process may be killed at any instruction: no
    object in the queue is lost, and no other process hangs. An object that a consumer had taken
    when it died is gone: a JoinableQueue accounts for each.

    ``maxsize``       objects that may wait; put() waits while there are as many. 0: no bound
    ``max_bytes``     bytes that may wait. 0: no bound
    ``memory_limit``  bytes of shared memory that it may grow to. 0: 4 GiB, less under ulimit -v
    ``name``          for errors and logs; up to 63 bytes
    ``codec``         "pickle", or "msgpack" for a queue that programs of other languages use
    ``type``          with "msgpack": the type of objects that get() gives, such as a dataclass of the
                      same fields as the C++ aggregate; put() takes all that become the same bytes

    Threads: any number, any time. Processes: all that hold it.
    """

    _joinable = False
    _shares = 0  # references that live: see sharing.py

    # A type checker infers the type of the objects: Any, `type`, or Any where `type` is no class.
    @overload
    def __init__(
        self: Queue[Any],
        maxsize: int = ...,
        *,
        codec: Codec = ...,
        type: None = ...,
        **options: Unpack[_Options],
    ) -> None: ...
    @overload
    def __init__(
        self,
        maxsize: int = ...,
        *,
        codec: Literal["msgpack"],
        type: Type[T],
        **options: Unpack[_Options],
    ) -> None: ...
    @overload
    def __init__(
        self: Queue[Any],
        maxsize: int = ...,
        *,
        codec: Literal["msgpack"],
        type: Any,
        **options: Unpack[_Options],
    ) -> None: ...
    def __init__(
        self,
        maxsize: int = 0,
        *,
        max_bytes: int = 0,
        memory_limit: int = 0,
        name: str = "",
        codec: Codec = "pickle",
        type: Any = None,
    ) -> None:
        self._create((maxsize, max_bytes, memory_limit, 16), name, codec, type)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        ForkingPickler.register(cls, _passing.reduce_for_multiprocessing)

    if TYPE_CHECKING:
        # As the native module has them, with the type of the objects.
        def put(self, obj: T, block: bool = True, timeout: float | None = None) -> None: ...
        def put_nowait(self, obj: T, /) -> None: ...
        def put_many(self, objs: Iterable[T], timeout: float | None = None) -> int: ...
        def get(self, block: bool = True, timeout: float | None = None) -> T: ...
        def get_nowait(self) -> T: ...
        def get_many(
            self, most: int | None = None, timeout: float | None = None
        ) -> list[T]: ...

    # ---- passing to other processes: _passing.py --------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> Any:
        return super().__reduce_ex__(max(protocol, 2))  # by __getstate__, which 0 and 1 do not know

    def __getstate__(self) -> Any:
        return (*_passing.state_to_send(self), self._type)

    def __setstate__(self, state: Any) -> None:
        how, what, type = state
        _passing.attach(self, (how, what), self._joinable)
        self._prepare(type)

    def descriptor(self) -> int:
        """The number of the descriptor of its memory, which stays the queue's.

        A program of another language is started by ``Popen([...], pass_fds=[number])``, and calls
        ``procession::Queue<T>::attach(Handle(number))``.
        """
        return self._memory_fd()

    @classmethod
    def from_descriptor(cls, descriptor: int, *, type: Any = None) -> Self:
        """The queue whose descriptor this program was started with; it is the queue's from now on.

        ``type`` as for the constructor; the codec is the queue's. TypeMismatch when it is a queue of
        the other kind, or of something that Python does not read.
        """
        queue = cls.__new__(cls)
        queue._attach(descriptor, cls._joinable)
        queue._prepare(type)
        return queue

    def _create(
        self,
        limits: tuple[int, int, int, int],
        name: str,
        codec: str,
        type: Any,
        on_exception: str = "give_back",
    ) -> None:
        _check_choice("codec", codec, "pickle", "msgpack")
        if type is not None and codec == "pickle":
            raise ValueError(
                "type is given, but pickles have their types: give codec='msgpack' as well"
            )
        _check_choice("on_exception", on_exception, "give_back", "dead_letter")
        to_dead_letters = on_exception == "dead_letter"
        self._make(self._joinable, *limits, to_dead_letters, name, codec == "msgpack")
        self._prepare(type)

    def _prepare(self, type: Any) -> None:
        self._waiters = Waiters(self)
        self._type = type
        if type is not None:
            self._convert_by(converter_to(type))

    # ---- the queue as a whole ---------------------------------------------------------------------

    @property
    def maxsize(self) -> int:
        """0: no bound but memory."""
        return self._options()[1]

    def close(self) -> None:
        """This process lets go of the queue, with all objects that lead to it; leases go back.

        Other processes are not concerned. All waiters of this process, coroutines included, get a
        ClosedError. ValueError while borrowed memory is in use.
        """
        self._close()
        self._waiters.wake_all()

    @property
    def closed(self) -> bool:
        """Whether this process has closed the queue, by this object or another."""
        return self._is_closed()

    def __enter__(self) -> Self:
        """The queue, which is closed at the end of the block."""
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def join_thread(self) -> None:
        """Nothing: there is no thread, and the objects that were put are in the queue."""

    def cancel_join_thread(self) -> None:
        """Nothing: there is no thread, and the objects that were put are in the queue."""

    def stats(self) -> Stats:
        """Counters since the queue was made, over all processes."""
        return Stats(*self._stats())

    def participants(self) -> list[Participant]:
        """The processes that use the queue now."""
        return [Participant(*record) for record in self._participants()]

    def deaths(self, since: int = 0) -> list[Death]:
        """The deaths after number `since` that were noticed so far; the last 63 are kept."""
        return self.wait_for_deaths(since, 0)

    def wait_for_deaths(self, since: int, timeout: float | None = None) -> list[Death]:
        """Wait until there is a death after number `since`. Empty only when the time is over."""
        return [Death(*record) for record in self._wait_for_deaths(since, timeout)]

    def dead_letters(self) -> list[DeadLetter]:
        """Items that could not be processed, oldest first; they stay where they are."""
        return [DeadLetter(self, record) for record in self._dead_letters(False)]

    def take_dead_letters(self) -> list[DeadLetter]:
        """The same, and removes them."""
        return [DeadLetter(self, record) for record in self._dead_letters(True)]

    def __iter__(self) -> Iterator[T]:
        """Objects as they come, until the queue is shut down and empty."""
        while True:
            try:
                item = self.get()
            except ShutDown:
                return
            yield item

    def __repr__(self) -> str:
        name = type(self).__name__
        try:
            label = self._label()
        except ValueError:
            return f"<{name}, not made, at {id(self):#x}>"
        except (Error, OSError) as failed:
            return f"<{name}, not received ({failed}), at {id(self):#x}>"
        if not label.startswith(name):
            label = f"{name}, a {label}"
        return f"<{label}: {self._size_and_state()}, at {id(self):#x}>"

    def _size_and_state(self) -> str:
        if self.closed:
            return "closed"
        try:
            size = str(self.qsize())
            state = ", shut down" if self._is_shut_down() else ""
        except ClosedError:
            return "closed"
        except (Error, OSError) as failed:
            return f"of no use ({failed})"
        if self.maxsize:
            size += f" of {self.maxsize}"
        return f"{size} waiting{state}"

    # ---- event loops ------------------------------------------------------------------------------

    def fileno(self) -> int:
        """A descriptor that is readable while a get_nowait() may find something.

        For select, poll and event loops; do not read from it or close it. It stays readable until a
        call of this process finds nothing. The first call starts a thread, which runs no Python.
        """
        return self._ready_fd(False)


class JoinableQueue(Queue[T]):
    """A Queue whose objects are leased: one of a consumer that dies before task_done() goes back.

    ``max_deliveries``  how often an object is handed out before it goes to the dead letters
    ``on_exception``    its fate when an exception leaves the block of its lease
    """

    _joinable = True

    @overload
    def __init__(
        self: JoinableQueue[Any],
        maxsize: int = ...,
        *,
        codec: Codec = ...,
        type: None = ...,
        **options: Unpack[_JoinableOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        maxsize: int = ...,
        *,
        codec: Literal["msgpack"],
        type: Type[T],
        **options: Unpack[_JoinableOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: JoinableQueue[Any],
        maxsize: int = ...,
        *,
        codec: Literal["msgpack"],
        type: Any,
        **options: Unpack[_JoinableOptions],
    ) -> None: ...
    def __init__(
        self,
        maxsize: int = 0,
        *,
        max_bytes: int = 0,
        memory_limit: int = 0,
        max_deliveries: int = 16,
        on_exception: OnException = "give_back",
        name: str = "",
        codec: Codec = "pickle",
        type: Any = None,
    ) -> None:
        limits = (maxsize, max_bytes, memory_limit, max_deliveries)
        self._create(limits, name, codec, type, on_exception)

    @property
    def dead_letters_on_exception(self) -> bool:
        """Whether an exception that leaves a block makes a dead letter, by ``on_exception``."""
        return self._options()[2]

    def lease(
        self, block: bool = True, timeout: float | None = None, *, borrow: bool = False
    ) -> Lease[T]:
        """Take the oldest object, to be ended by the lease's own methods or at the end of its block.

        With `borrow`, large parts are shown where they lie: not after the lease, when the place may
        be another's.
        Raises as get().
        """
        return Lease(self, *self._get_leased(block, timeout, borrow))

    def alease(self, timeout: float | None = None) -> Leasing[T]:
        """lease() that lets asyncio's other tasks run: ``async with jobs.alease() as task: ...``.

        Or ``task = await jobs.alease()``. When it is cancelled, it has taken nothing; a lease that
        is dropped before its end goes back.
        """
        return Leasing(self._waiters.for_item(self._lease_at_once, timeout))

    def _lease_at_once(self) -> Lease[T]:
        lease: Lease[T] = Lease(self, *self._lease_for("alease"))
        lease._goes_back_when_dropped = True
        return lease

    def task_done(self) -> None:
        """The oldest object that this thread got is finished; without one, the oldest of any thread.

        ValueError when this process has got none that is not finished.
        """
        self._task_done()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until every object that was put is finished. False: the time was over first."""
        return self._join(timeout)

    async def ajoin(self, timeout: float | None = None) -> bool:
        """join() that lets asyncio's other tasks run. A thread waits for all its callers."""
        return await self._waiters.for_join(timeout)

    def unfinished(self) -> int:
        """How many objects were put and are not finished."""
        return self._unfinished()


class SimpleQueue(Queue[T]):
    """A Queue that is made without options, in place of multiprocessing.SimpleQueue."""

    def __init__(self) -> None:
        super().__init__()


ForkingPickler.register(Queue, _passing.reduce_for_multiprocessing)
