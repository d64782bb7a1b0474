# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Parts that the tests share."""

import multiprocessing
import os
import signal
import unittest

METHODS = multiprocessing.get_all_start_methods()

#: For an event that must come, however slow the machine is: the run has a limit of its own.
LONG = 60


def for_each_start_method(case):
    """Makes of the class `case` one class for each start method, in the caller's module.

    Each has `context`, and `start(function, *arguments)`, which gives a process.
    """

    def made(method):
        context = multiprocessing.get_context(method)
        return type(
            f"{case.__name__}By{method.capitalize()}",
            (case, unittest.TestCase),
            {"context": context, "__module__": case.__module__},
        )

    import sys

    module = sys.modules[case.__module__]
    for method in METHODS:
        each = made(method)
        setattr(module, each.__name__, each)
    return case


class WithProcesses:
    """Starts processes, and sees to it that they have ended."""

    def start(self, function, *arguments):
        process = self.context.Process(target=function, args=arguments)
        process.start()
        self.addCleanup(end, process)
        return process

    def finish(self, process):
        """Waits for its end, which must be a good one."""
        process.join(LONG)
        self.assertEqual(process.exitcode, 0)


def end(process):
    if process.is_alive():
        process.kill()
    process.join()
    process.close()


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def open_descriptors():
    return sorted(int(name) for name in os.listdir("/proc/self/fd"))


def mapped_queues():
    with open("/proc/self/maps") as maps:
        return sum("memfd:procession" in line for line in maps)


def brokers():
    """The brokers that this process has started and not collected."""
    children = []
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/children") as listed:
            children += [int(pid) for pid in listed.read().split()]
    return [pid for pid in children if command_line(pid)[:1] == ["procession-broker"]]


def command_line(pid):
    with open(f"/proc/{pid}/cmdline") as line:
        return line.read().split("\0")
