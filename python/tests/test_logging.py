# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The library's log is Python's."""

import logging
import logging.handlers
import os
import signal
import subprocess
import sys
import tempfile
import unittest

import procession
from support import LONG, brokers

#: Has the library say something at each level but error.
TALKS = """
import os, signal, sys
import procession
sys.path += {path!r}
from support import brokers
carrier, q = procession.Queue(), procession.Queue()
carrier.put(q)
for pid in brokers():
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
carrier.put(q)
"""


def output_of(before, after="", **environment):
    """The stderr of a program that talks."""
    program = before + TALKS.format(path=[os.path.dirname(__file__)]) + after
    # To a file: a pipe has its end only when the broker, which ends by itself, has it too.
    with tempfile.TemporaryFile("w+") as written:
        subprocess.run(
            [sys.executable, "-c", program],
            stderr=written,
            timeout=LONG,
            check=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path), **environment},
        )
        written.seek(0)
        return written.read()


class LoggingTest(unittest.TestCase):
    def test_a_warning_is_a_record(self):
        carrier, q = procession.Queue(), procession.Queue()
        carrier.put(q)
        with self.assertLogs("procession", logging.WARNING) as told:
            for pid in brokers():
                os.kill(pid, signal.SIGKILL)
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            carrier.put(q)
        self.assertIn("WARNING:procession:the broker of queued handles has ended", told.output[0])

    def test_the_loggers_level_is_the_librarys(self):
        logger = logging.getLogger("procession")
        before = logger.level
        self.addCleanup(logger.setLevel, before)
        with self.assertLogs("procession", logging.DEBUG) as told:
            procession.Queue(name="one").put(1)
        self.assertIn("'one'", " ".join(told.output))
        logger.setLevel(logging.ERROR)
        with self.assertNoLogs("procession"):
            procession.Queue(name="two").put(1)

    def test_a_program_without_handlers_reads_warnings_on_stderr(self):
        written = output_of("")
        self.assertEqual(
            written,
            "[procession warning] the broker of queued handles has ended; a new one is started\n",
        )

    def test_a_program_with_handlers_has_all_of_it_there_and_nothing_on_stderr(self):
        setup = "import io, logging; text = io.StringIO(); logging.basicConfig(stream=text)\n"
        check = "assert 'WARNING:procession:the broker' in text.getvalue(), text.getvalue()\n"
        self.assertEqual(output_of(setup, check), "")

    def test_the_environment_sets_the_level(self):
        self.assertEqual(output_of("", PROCESSION_LOG="off"), "")
        self.assertEqual(output_of("", PROCESSION_LOG="error"), "")
        self.assertIn("[procession debug] ", output_of("", PROCESSION_LOG="debug"))
        self.assertIn("PROCESSION_LOG=loud is not known", output_of("", PROCESSION_LOG="loud"))

    def test_a_handler_may_use_queues_itself(self):
        records = procession.Queue()
        handler = logging.handlers.QueueHandler(records)
        logger = logging.getLogger("procession")
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        before = logger.level
        self.addCleanup(logger.setLevel, before)
        logger.setLevel(logging.DEBUG)
        procession.Queue(name="talks").put(1)
        logger.setLevel(before)
        texts = [record.getMessage() for record in records.get_many(timeout=LONG)]
        self.assertTrue(any("'talks'" in text for text in texts), texts)

    def test_a_handler_that_fails_is_reported_and_stops_nothing(self):
        class Fails(logging.Handler):
            def emit(self, record):
                raise KeyError("handler")

        logger = logging.getLogger("procession")
        handler = Fails()
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        reported = []
        hook, sys.unraisablehook = sys.unraisablehook, reported.append
        try:
            before = logger.level
            logger.setLevel(logging.DEBUG)
            q = procession.Queue()
            q.put(1)
            logger.setLevel(before)
        finally:
            sys.unraisablehook = hook
        self.assertTrue(any(isinstance(each.exc_value, KeyError) for each in reported))
        self.assertEqual(q.get_nowait(), 1)


if __name__ == "__main__":
    unittest.main()
