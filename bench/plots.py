# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Draws the results of one run of ./run-bench.

    plots.py FILE DIR    FILE as summary.py makes it; DIR gets each plot as NAME.svg and NAME.png

Needs python3-matplotlib. What was not measured is not drawn.
"""
import json
import sys
from pathlib import Path

from matplotlib import ticker

from plot_style import Figure, label_of, style_of
from results import Results

# The same order in every legend.
PEERS = ["Queue", "JoinableQueue", "Queue, as bytes", "Boost message_queue", "ring, robust mutex",
         "POSIX mq", "pipe", "SOCK_SEQPACKET", "ZeroMQ PUSH/PULL", "Python Queue",
         "bare SPSC ring (limit)", "spin 5 us, futex (limit)"]


def show_bytes(size, _position=None):
    for unit, scale in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale:
            return f"{size / scale:.0f} {unit}"
    return f"{size:.0f} B"


def show_rate(number, _position=None):
    for unit, scale in (("M", 1e6), ("k", 1e3)):
        if number >= scale:
            return f"{number / scale:g} {unit}"
    return f"{number:g}"


def show_time(seconds, _position=None):
    for unit, scale in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9999 * scale:
            return f"{seconds / scale:g} {unit}"
    return f"{seconds * 1e9:g} ns"


def series(results, wanted, x):
    """{peer: [(x, items a second), ...]} of the throughput records that are wanted."""
    lines = {}
    for record in results.of("throughput"):
        if wanted(record) and record["batch"] == 1 and not record["in_place"]:
            lines.setdefault(record["what"], []).append((record[x], record["items_per_s"]))
    return {peer: sorted(lines[peer]) for peer in PEERS if peer in lines}


def draw_throughput(figure, lines, heading, x_label):
    axes = figure.axes
    for peer, points in lines.items():
        axes.plot(*zip(*points), **style_of(peer))
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    rates = [rate for points in lines.values() for _, rate in points]
    if max(rates) < 300 * min(rates):
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(show_rate))
    axes.minorticks_off()
    figure.title(*heading)
    axes.set_xlabel(x_label)
    axes.set_ylabel("messages per second")
    axes.set_xticks(sorted({x for points in lines.values() for x, _ in points}))
    figure.legend_beside()


def draw_sizes(results, figure):
    lines = series(results, lambda record: record["producers"] == 1 and
                   record["placement"] == "a cpu each", "bytes")
    if not lines:
        return False
    draw_throughput(figure, lines, ("Throughput over message size",
                                    "1 producer, 1 consumer, a cpu each; higher is better"),
                    "message size")
    figure.axes.xaxis.set_major_formatter(ticker.FuncFormatter(show_bytes))
    return True


def draw_participants(results, figure):
    lines = series(results, lambda record: record["bytes"] == 64 and
                   record["placement"] == "free", "producers")
    lines = {peer: points for peer, points in lines.items() if len(points) > 1}
    if not lines:
        return False
    draw_throughput(figure, lines, ("Throughput over participants",
                                    "64-byte messages, no process pinned; higher is better"),
                    "producers, and as many consumers")
    figure.axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f"{x:g} × {x:g}"))
    return True


def draw_latency(results, figure):
    """A quantile plot: to the right it goes nearer and nearer to all of the round trips."""
    axes = figure.axes
    drawn = {record["what"]: record for record in results.of("round_trip")
             if record["placement"] == "a cpu each" and record["what"] != "bare SPSC ring (limit)"}
    if not drawn:
        return False
    for peer in PEERS:
        if peer in drawn:
            rest = [1 - share for share in drawn[peer]["shares"]]
            axes.plot(rest, drawn[peer]["quantiles_s"],
                      **{**style_of(peer), "marker": "", "drawstyle": "steps-pre"})
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.invert_xaxis()
    axes.set_xticks([1, 0.5, 0.1, 0.01, 0.001], ["0 %", "50 %", "90 %", "99 %", "99.9 %"])
    axes.minorticks_off()
    axes.set_xlim(1, 0.0008)
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(show_time))
    figure.title("Round trip of 64 bytes through two queues",
                 "a cpu each, both ends wait; lower is better")
    axes.set_xlabel("share of the round trips that are at least as fast")
    axes.set_ylabel("time of a round trip")
    figure.legend_beside()
    return True


def draw_kill_score(results, figure):
    axes = figure.axes
    records = results.of("kill_score")
    if not records:
        return False
    names = [record["what"] for record in records]
    hangs = [100 * (record["all_stuck"] + record["some_stuck"]) / max(1, record["kills"])
             for record in records]
    colours = [style_of(name)["color"] for name in names]
    places = range(len(names))
    axes.barh(places, hangs, color=colours, height=0.62)
    for place, record, hang in zip(places, records, hangs):
        first = record["kills_to_first_stuck"]
        text = (f"never stuck in {record['kills']:.0f} kills" if first is None
                else f"{hang:.0f}; stuck first after {first:.0f} of {record['kills']:.0f} kills")
        axes.annotate(text, (hang, place), (6, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [label_of(name) for name in names])
    for tick, name in zip(axes.get_yticklabels(), names):
        tick.set_fontweight("bold" if name in ("Queue", "JoinableQueue") else "normal")
    axes.invert_yaxis()
    axes.set_xlim(0, max([*hangs, 10]) * 1.6)
    axes.grid(axis="y", visible=False)
    figure.title("When processes are killed", "2 producers, 2 consumers, 256-byte items; lower is better")
    figure.without_legend()
    axes.set_xlabel("times that the queue was stuck, per 100 kills")
    return True


PLOTS = {
    "throughput_sizes": draw_sizes,
    "throughput_participants": draw_participants,
    "latency": draw_latency,
    "kill_score": draw_kill_score,
}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as stream:
        results = Results(json.load(stream))
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in PLOTS.items():
        figure = Figure(results)
        if draw(results, figure):
            figure.save(folder / name)
            print(f"Drawn: {folder / name}.svg, .png", file=sys.stderr)


if __name__ == "__main__":
    main()
