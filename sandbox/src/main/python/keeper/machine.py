"""The machine as a sandbox sees it: as many processors and as much memory as the container may use,
where programs look for them. What the limits are is enforced elsewhere; here they are told. Which
processors it may run on is not told: to hold it to some would leave it waiting while others idle."""

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


class Machine:
    """Makes the files. directory: of them, which anybody may read; made anew, since limits and host may
    have changed."""

    def __init__(self, directory):
        self._directory = directory
        self._made = set()

    def files(self, memory, cpus):
        """The directory with the files for those limits."""
        count = min(max(1, math.ceil(cpus)), len(os.sched_getaffinity(0)))
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
