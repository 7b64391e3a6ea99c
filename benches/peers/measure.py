"""Measures whole processes, and prints what was measured.

usage: measure.py run RESULTS JOB ENGINE LOG COMMAND...   runs a command and adds a line to RESULTS
       measure.py table RESULTS                           prints medians, and the ratios of jalon to each peer

A process's own clock would miss its start, its imports and its end; the kernel's account of it does not.
"""
import os
import sys
import time
from statistics import median

PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of one `ru_maxrss`
OURS = "jalon"


def run(results: str, job: str, engine: str, log: str, *command: str) -> None:
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    to_log = [(os.POSIX_SPAWN_OPEN, 1, log, write, 0o644), (os.POSIX_SPAWN_DUP2, 1, 2)]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=to_log)
    # Linux counts what the parent held when it started the child: no peak is less than this script (some 10 MiB).
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if code := os.waitstatus_to_exitcode(status):
        with open(log, errors="replace") as lines:
            print(*lines.readlines()[-20:], sep="", file=sys.stderr)
        sys.exit(f"{engine} failed with exit code {code}: {' '.join(command)}")
    peak = used.ru_maxrss * PEAK_UNIT / 2**20
    with open(results, "a") as lines:
        print(job, engine, used.ru_utime + used.ru_stime, wall, peak, sep="\t", file=lines)


def table(results: str) -> None:
    jobs: dict[str, dict[str, list[list[float]]]] = {}
    with open(results) as lines:
        for line in lines:
            job, engine, *figures = line.rstrip("\n").split("\t")
            jobs.setdefault(job, {}).setdefault(engine, []).append([float(f) for f in figures])
    print("| job | engine | CPU s | wall s | peak MiB | jalon / it: CPU | wall | peak |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for job, engines in jobs.items():
        for engine, rounds in engines.items():
            cpu, wall, peak = (median(column) for column in zip(*rounds))
            ratios = ["", "", ""]
            if engine != OURS:
                # Both sides of a ratio ran one after the other: what slows the machine for minutes slows both.
                pairs = zip(engines[OURS], rounds, strict=True)
                columns = zip(*([our / its for our, its in zip(ours, theirs)] for ours, theirs in pairs))
                ratios = [f"{median(column):.2f}" for column in columns]
            print(f"| {job} | {engine} | {cpu:.2f} | {wall:.2f} | {peak:.0f} | {' | '.join(ratios)} |")


if __name__ == "__main__":
    {"run": run, "table": table}[sys.argv[1]](*sys.argv[2:])
