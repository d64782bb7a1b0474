# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""run.py MODULE...    runs the tests of these modules, with a limit on the time of each test.

A test that hangs ends the run with the stacks of all threads; afterwards no helper process is left.
"""

import faulthandler
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import sys
import unittest

SECONDS_PER_TEST = 3600 if os.environ.get("PROCESSION_SOAK") == "1" else 90


class Result(unittest.TextTestResult):
    def startTest(self, test):
        faulthandler.dump_traceback_later(SECONDS_PER_TEST, exit=True)
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()


def end_helpers():
    """Ends the processes that multiprocessing and Procession keep for later."""
    import procession

    procession._native.end_broker()
    multiprocessing.forkserver._forkserver._stop()
    multiprocessing.resource_tracker._resource_tracker._stop()


def main():
    os.environ["PYTHONFAULTHANDLER"] = "1"  # for children
    faulthandler.enable()
    suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])
    if suite.countTestCases() == 0:
        sys.exit(f"run.py: no tests in {sys.argv[1:]}")
    result = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
    end_helpers()
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
