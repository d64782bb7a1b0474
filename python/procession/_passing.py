# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""How a queue gets to another process.

======================================  ===========================================================
a child that is being started           its descriptor is handed over as multiprocessing hands over
(``Process(args=...)``, any start         its own: inherited by spawn, sent by forkserver
method)
an object that is put into one of our   beside the item, by way of the broker, a small process that
queues                                  holds such handles
anything else that multiprocessing      as a reference: any process of this user gets the queue from
pickles (Pool, ProcessPoolExecutor,     the broker, while the sender has it or a process uses it
Connection, a queue of multiprocessing)
any other pickler                       by the same reference, while procession.share() says so
                                        (sharing.py); else not at all: SharingError
======================================  ===========================================================
"""

from __future__ import annotations

import os
import threading
from multiprocessing import context, reduction
from typing import Any

from . import _native
from ._errors import DecodeError, Error, SharingError

# (how it is passed, the data for that)
State = tuple[str, Any]


class _ThisThread(threading.local):
    pickles_for_multiprocessing = False


_this_thread = _ThisThread()


def reduce_for_multiprocessing(queue: Any) -> Any:
    """ForkingPickler calls this for a queue."""
    before = _this_thread.pickles_for_multiprocessing
    _this_thread.pickles_for_multiprocessing = True
    try:
        return queue.__reduce_ex__(4)
    finally:
        _this_thread.pickles_for_multiprocessing = before


def state_to_send(queue: Any) -> State:
    """The state by which attach() makes the same queue in the process that it is pickled for."""
    popen = context.get_spawning_popen()
    if popen is not None:
        descriptor = queue._memory_fd()
        found = os.fstat(descriptor)
        given = reduction.DupFd(descriptor)
        broker = (_native.broker_name(), _door_for(popen))
        return "descriptor", (given, found.st_dev, found.st_ino, broker)
    handle = queue._send_handle()
    if handle is not None:
        return "handle", handle
    if _this_thread.pickles_for_multiprocessing or queue._shares > 0:
        return "reference", queue._reference()
    name = type(queue).__name__
    raise SharingError(
        f"encode {name}: {name} objects should only be shared between processes through "
        "inheritance, a Procession queue, or what multiprocessing pickles (Pool, Connection, ...); "
        "for other picklers (loky, joblib, dill), keep procession.share(queue) for as long"
    )


def _door_for(popen: Any) -> Any:
    """A way to the broker for a child that changes its user or its network namespace."""
    door = _native.broker_door()
    if door < 0 or getattr(popen, "_has_procession_door", False):
        return None
    popen._has_procession_door = True  # one is enough
    return reduction.DupFd(door)


def attach(queue: _native.ByteQueue, state: State, joinable: bool) -> None:
    """Makes `queue` a handle to the queue that state_to_send() was called for."""
    how, what = state
    if how == "descriptor":
        given, device, inode, (broker, door) = what
        descriptor = given.detach()
        door_descriptor = door.detach() if door is not None else -1
        try:
            found = os.fstat(descriptor)
            if (found.st_dev, found.st_ino) != (device, inode):
                raise SharingError(
                    f"receive {type(queue).__name__}: descriptor {descriptor} is not the queue "
                    "that the parent process passed on"
                )
        except BaseException:
            os.close(descriptor)
            raise
        finally:
            if broker:
                _native.learn_broker(broker, door_descriptor)
        queue._attach(descriptor, joinable)
    elif how == "handle":
        queue._take_handle(what, joinable)
    elif how == "reference":
        broker, token = what
        try:
            queue._follow(broker, token, joinable)
        except (Error, OSError):
            # The unpickling caller is often a worker's loop, which would end. The queue's first
            # use tries again, and raises this.
            queue._follow_later(broker, token, joinable)
        else:
            _native.learn_broker(broker, -1)
    else:
        raise DecodeError(f"receive {type(queue).__name__}: it was not passed on by Procession")
