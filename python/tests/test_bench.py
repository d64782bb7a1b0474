# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The benchmark runs and counts; its figures are no test."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from support import LONG


class BenchTest(unittest.TestCase):
    def test_every_measurement_counts_something(self):
        with tempfile.TemporaryDirectory() as folder:
            figures = os.path.join(folder, "figures.json")
            done = subprocess.run(
                [sys.executable, "-B", "-m", "procession.bench", "--rounds", "1"]
                + ["--seconds", "0.05", "--json", figures],
                capture_output=True,
                text=True,
                timeout=LONG,
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(figures) as file:
                results = json.load(file)
        self.assertEqual(len(results), 5)
        for what, by in results.items():
            self.assertIn("procession", by)
            for who, rates in by.items():
                self.assertEqual(len(rates), 1)
                self.assertGreater(rates[0], 0, (what, who))
                self.assertIn(who, done.stdout)

    def test_wrong_arguments_are_refused(self):
        done = subprocess.run(
            [sys.executable, "-B", "-m", "procession.bench", "--rounds", "0"],
            capture_output=True,
            text=True,
            timeout=LONG,
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("--rounds is at least 1", done.stderr)
