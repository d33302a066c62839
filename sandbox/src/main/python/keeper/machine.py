"""The machine as a sandbox sees it: as many processors and as much memory as the container may use,
where programs look for them. What the limits are is enforced elsewhere; here they are told."""

import math
import os

# Files of /proc that are shown in place of the host's, in the order in which they are bound.
FILES = ("meminfo", "cpuinfo", "stat")

_MEMINFO = (
    "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "Active", "Inactive",
    "SwapTotal", "SwapFree", "Dirty", "Writeback", "AnonPages", "Mapped", "Shmem", "Slab",
    "SReclaimable", "SUnreclaim", "CommitLimit", "Committed_AS",
)
_WHOLE = ("MemTotal", "MemFree", "MemAvailable", "CommitLimit")


def processors(cpus):
    """How many processors so many cores' worth of time are spread over."""
    return min(max(1, math.ceil(cpus)), len(os.sched_getaffinity(0)))


class Machine:
    """Hands out processors and the files that tell of them. directory: of the files, which anybody may
    read; made anew, since limits and host may have changed."""

    def __init__(self, directory):
        self._directory = directory
        self._made = set()
        self._load = {number: 0 for number in sorted(os.sched_getaffinity(0))}

    def take(self, cpus):
        """The processors for one sandbox, those that the fewest others have; to be given back."""
        count = processors(cpus)
        taken = sorted(self._load, key=lambda number: (self._load[number], number))[:count]
        for number in taken:
            self._load[number] += 1
        return frozenset(taken)

    def give_back(self, taken):
        for number in taken:
            self._load[number] -= 1

    def files(self, memory, cpus):
        """The directory with the files for those limits."""
        count = processors(cpus)
        path = os.path.join(self._directory, "%d-%d" % (memory, count))
        if path not in self._made:
            os.makedirs(path, exist_ok=True)
            for name, text in zip(FILES, (_meminfo(memory), _cpuinfo(count), _stat(count))):
                fresh = os.path.join(path, name + ".new")
                with open(fresh, "w") as file:
                    file.write(text)
                os.rename(fresh, os.path.join(path, name))
            self._made.add(path)
        return path


def _meminfo(memory):
    return "".join(
        "%-16s%8d kB\n" % (name + ":", memory >> 10 if name in _WHOLE else 0) for name in _MEMINFO
    )


def _cpuinfo(count):
    """The first entries of the host's, whose processors are alike."""
    with open("/proc/cpuinfo") as file:
        entries = file.read().split("\n\n")
    told = [entry for entry in entries if entry.startswith("processor")][:count]
    return "".join(entry.strip("\n") + "\n\n" for entry in told)


def _stat(count):
    """Times are nobody's business: they are the host's. Tools count the lines."""
    zero = " 0" * 10
    lines = ["cpu " + zero] + ["cpu%d%s" % (number, zero) for number in range(count)]
    with open("/proc/stat") as file:
        lines += [line.rstrip("\n") for line in file if line.startswith("btime ")]
    return "\n".join(lines + ["ctxt 0", "processes 0", "procs_running 1", "procs_blocked 0"]) + "\n"
