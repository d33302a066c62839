"""Reads what the container's cgroup counted, from files that the keeper opened: CPU time and kills
for want of memory. Without a cgroup CPU time is summed up from what processes report."""

import os


class Meters:
    def __init__(self, cpu_fd=None, oom_fd=None):
        self._cpu_fd = cpu_fd
        self._oom_fd = oom_fd

    def cpu_nanos(self):
        """CPU time of the whole container, or None when nobody counts it."""
        if self._cpu_fd is None:
            return None
        text = os.pread(self._cpu_fd, 4096, 0)
        for line in text.splitlines():
            if line.startswith(b"usage_usec "):
                return int(line.split()[1]) * 1000
        return int(text)

    def oom_kills(self):
        """How many processes of the container the kernel has ended for want of memory."""
        if self._oom_fd is None:
            return 0
        for line in os.pread(self._oom_fd, 4096, 0).splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
        return 0
