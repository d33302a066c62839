"""Stops the processes of a sandbox while its workspace is looked at from outside."""

import os
import signal
import time

# Process 1 is ours and writes nothing by itself. A process in a system call of the disk stops after it.
_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.001

_QUIET = "TtZXx"


class Restless(Exception):
    """They could not be stopped in time."""


def find(number):
    """The process of a number; None when there is none."""
    return _read(number)


def stop_below(ancestor):
    """Stops all processes that descend from one, which goes on; returns when no one runs any more,
    those included that were started meanwhile."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        running = [one for one in _below(ancestor) if one.state not in _QUIET]
        if not running:
            return
        if time.monotonic() > deadline:
            raise Restless("its processes did not stop within %d s" % _PATIENCE_SECONDS)
        for one in running:
            one.send(signal.SIGSTOP)
        time.sleep(_PAUSE_SECONDS)


def go_on_below(ancestor):
    for one in _below(ancestor):
        one.send(signal.SIGCONT)


class _Process:
    """state, parent and start as proc(5) stat has them: no two processes share number and start."""

    def __init__(self, number, state, parent, start):
        self.number = number
        self.state = state
        self.parent = parent
        self.start = start

    def send(self, number):
        """Sends a signal to this process and no other that may have its number by now."""
        try:
            descriptor = os.pidfd_open(self.number)
        except OSError:
            return
        try:
            now = _read(self.number)
            if now is not None and now.start == self.start:
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)


def _below(ancestor):
    now = _read(ancestor.number)
    if now is None or now.start != ancestor.start:
        return []  # it has ended, and all of them with it
    children = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            process = _read(int(name))
            if process is not None:
                children.setdefault(process.parent, []).append(process)
    found = []
    level = children.get(ancestor.number, [])
    while level:
        found += level
        level = [child for one in level for child in children.get(one.number, [])]
    return found


def _read(number):
    try:
        with open("/proc/%d/stat" % number) as file:
            text = file.read()
    except OSError:
        return None
    # The name, in parentheses, may have anything in it.
    fields = text[text.rindex(")") + 2 :].split()
    return _Process(number, fields[0], int(fields[1]), fields[19])
