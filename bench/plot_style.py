# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""How all plots look: one colour, line and marker for each peer, a heading, a footer."""
import textwrap

import matplotlib

matplotlib.use("Agg")
# pylint: disable=wrong-import-position
from matplotlib import pyplot

# Okabe and Ito's colours, which the colour-blind tell apart; markers and dashes differ as well.
BLUE, SKY, ORANGE, VERMILION = "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
GREEN, PURPLE, GREY, BLACK = "#009E73", "#CC79A7", "#8C8C8C", "#000000"

STYLES = {
    "Queue": (BLUE, "-", "o"),
    "JoinableQueue": (SKY, "-", "s"),
    "Queue, as bytes": (BLUE, ":", "o"),
    "Boost message_queue": (VERMILION, "-", "^"),
    "ring, robust mutex": (ORANGE, "-", "v"),
    "POSIX mq": (GREEN, "-", "D"),
    "pipe": (PURPLE, "-", "P"),
    "SOCK_SEQPACKET": (PURPLE, "--", "X"),
    "ZeroMQ PUSH/PULL": (GREEN, "--", "p"),
    "Python Queue": (GREY, "-", "*"),
    "bare SPSC ring (limit)": (BLACK, ":", ""),
    "spin 5 us, futex (limit)": (BLACK, "-.", ""),
}
OURS = ("Queue", "JoinableQueue", "Queue, as bytes")
LABELS = {
    "Queue": "Procession Queue",
    "JoinableQueue": "Procession JoinableQueue",
    "Queue, as bytes": "Procession ByteQueue",
    "ring, robust mutex": "textbook ring, robust mutex",
    "Python Queue": "CPython mp.Queue",
    "Python multiprocessing.Queue": "CPython mp.Queue",
    "bare SPSC ring (limit)": "limit: bare SPSC ring, polls",
    "spin 5 us, futex (limit)": "limit: spin, then futex",
}

pyplot.rcParams.update({
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",        # the same everywhere, whatever fonts are there
    "svg.hashsalt": "procession",  # the same file from the same figures
})


def label_of(peer):
    return LABELS.get(peer, peer)


def style_of(peer):
    """Keywords for plot()."""
    colour, line, marker = STYLES.get(peer, (GREY, "-", ""))
    ours = peer in OURS
    return {"color": colour, "linestyle": line, "marker": marker, "label": label_of(peer),
            "linewidth": 2.6 if ours else 1.3, "markersize": 6.5 if ours else 5,
            "zorder": 4 if ours else 3}


class Figure:
    """One plot with its heading above and where it comes from below."""

    def __init__(self, results):
        self._figure, self.axes = pyplot.subplots(figsize=(9.6, 5.6))
        self._figure.subplots_adjust(left=0.09, right=0.70, top=0.86, bottom=0.19)
        note = f"{results.date()}; {results.machine()}; {results.versions()}"
        if results.is_quick():
            note += "; a quick run: rough figures"
        self._figure.text(0.015, 0.02, "\n".join(textwrap.wrap(note, 165)), fontsize=7.5,
                          color="#666666", va="bottom")

    def title(self, heading, details):
        self._figure.text(0.015, 0.955, heading, fontsize=14, fontweight="bold", va="center")
        self._figure.text(0.015, 0.91, details, fontsize=10, color="#444444", va="center")

    def legend_beside(self):
        """In the order of the drawing, so that a peer has the same place in all plots."""
        self.axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), labelspacing=0.75,
                         handlelength=2.8)

    def without_legend(self):
        """Its room goes to long names at the left."""
        self._figure.subplots_adjust(left=0.24, right=0.97)

    def save(self, path):
        """path.svg and path.png"""
        self._figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
        self._figure.savefig(path.with_suffix(".png"), dpi=150)
        pyplot.close(self._figure)
