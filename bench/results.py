# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Looks up figures in the document that summary.py makes."""
import statistics


def median_ratio(values, reference):
    """The median of the ratios of what was measured in the same round, or None."""
    ratios = [value / other for value, other in zip(values, reference)
              if value is not None and other]
    return statistics.median(ratios) if ratios else None


class Results:
    def __init__(self, document):
        self._benchmarks = document["benchmarks"]

    def of(self, benchmark):
        """All records of a benchmark."""
        return self._benchmarks.get(benchmark, {}).get("results", [])

    def find(self, benchmark, case, what):
        """The record, or None when it was not measured."""
        for record in self.of(benchmark):
            if record["case"] == case and record["what"] == what:
                return record
        return None

    def _any(self):
        return next(iter(self._benchmarks.values()), {})

    def machine(self):
        """"AMD EPYC, 2 cpus, Linux 6.18": without the load, which was different each time."""
        return self._any().get("machine", "").split(", load ")[0]

    def date(self):
        return self._any().get("date", "")

    def versions(self):
        return self._any().get("versions", "")

    def is_quick(self):
        return any(document["quick"] for document in self._benchmarks.values())
