"""When the workspace is compared with what is known of it: at the end of each cell, at once when it
is quick, else in a child while the engine answers and the next cell may run. Also hears what file
requests of the engine have written, so that no cell is said to have done it."""

import os
import time

from . import changes, children, frames, privileges, processes
from .watches import Watches
import _socket

# What a cell's reply may wait for, and what may be hashed in that time.
INLINE_SECONDS = 0.05
INLINE_BYTES = 16 << 20

# Of a scan in a child, after which what is left is named without its hash.
_CHILD_SECONDS = 120.0

# Scans that wait behind the one that runs; of more, the oldest are never done.
_MAX_WAITING = 8

# Results that nobody has asked for yet.
_MAX_KEPT = 8

# See clock_gettime(2); Python has no name for it.
_CLOCK_REALTIME_COARSE = 5

# One note has a path; the kernel takes messages of 200 KiB.
_MAX_NOTE = 1 << 16


class Scans:
    def __init__(self, guest):
        self._guest = guest
        self._known = changes.Known()
        self._watches = Watches()
        self._temporary = set()
        self._cpu = 0  # of scans in children that have ended
        self._serial = 0
        self._running = None
        self._waiting = []
        self._results = {}  # by serial, what nobody has asked for
        self._asked = {}  # by serial, who waits for it
        ours, theirs = _socket.socketpair(
            _socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC
        )
        ours.setblocking(False)
        self._notes = ours
        self._notes_in = theirs
        guest.loop.watch(ours.fileno(), self._take_notes)

    @property
    def note_fd(self):
        """Where the children that serve files leave notes; no cell ever holds it."""
        return self._notes_in.fileno()

    def load(self, fields, body):
        self._known.load(body, fields[b"whole"] == b"1")
        self._watches.stop()

    # Cells

    @staticmethod
    def now():
        """The time before which no change can be stamped from now on."""
        return time.clock_gettime_ns(_CLOCK_REALTIME_COARSE)

    def cell_ended(self, connection, started):
        """Tells what the cell changed, or that it will be known later under a number."""
        self._take_notes()
        scan = changes.Scan(self._known, self._temporary, started, time.time_ns())
        if self._running is None and self._quick(scan):
            connection.send(self._result(self._merge(scan.entries, scan.short, scan.cut)))
            self._watches.follow(scan, self._guest.interpreter_pid())
            return
        # What a child finds may never come back.
        self._watches.stop()
        self._serial += 1
        connection.send(frames.message(frames.CHANGES, [("later", self._serial)]))
        self._waiting.append((self._serial, scan))
        while len(self._waiting) > _MAX_WAITING:
            serial, _ = self._waiting.pop(0)
            self._settle(serial, _no_result("scans of cells before it took too long"))
        self._next()

    def ask(self, connection, serial):
        """Answers with the result of a scan, now or when it is there."""
        result = self._results.pop(serial, None)
        if result is not None:
            connection.send(result)
        elif serial <= self._serial:
            self._asked[serial] = connection
        else:
            connection.send(_no_result("there is no such scan"))

    def _quick(self, scan):
        deadline = time.monotonic() + INLINE_SECONDS
        with privileges.AsCell():
            try:
                scan.walk(deadline, self._watches)
                if scan.bytes_to_hash() > INLINE_BYTES:
                    return False
                scan.hash(deadline)
                return True
            except changes.Late:
                return False

    # Children

    def _next(self):
        if self._running is not None or not self._waiting:
            return
        serial, scan = self._waiting.pop(0)
        read, write = os.pipe()
        try:
            pid = os.fork()
        except OSError as problem:
            os.close(read)
            os.close(write)
            self._settle(serial, _no_result("no process for the scan: %s" % problem.strerror))
            return
        if pid == 0:
            _scan_in_child(scan, write)
        os.close(write)
        os.set_blocking(read, False)
        child = _Child(serial, pid, read)
        self._running = child
        self._guest.watch_own(pid, lambda usage: self._count(child, usage))
        self._guest.loop.watch(read, self._child_readable)

    def _child_readable(self):
        child = self._running
        try:
            data = os.read(child.fd, 1 << 18)
        except BlockingIOError:
            return
        if data:
            child.text += data
            return
        self._guest.loop.forget(child.fd)
        os.close(child.fd)
        self._running = None
        self._take_notes()
        try:
            entries, short, cut = _parse(child.text)
            result = self._result(self._merge(entries, short, cut))
        except ValueError:
            # It was ended, by the memory limit above all.
            result = _no_result("the scan was ended before it was done")
        self._settle(child.serial, result)
        self._next()

    def _settle(self, serial, result):
        connection = self._asked.pop(serial, None)
        if connection is not None:
            connection.send(result)
            return
        self._results[serial] = result
        while len(self._results) > _MAX_KEPT:
            del self._results[min(self._results)]

    def _merge(self, entries, short, cut):
        """Takes the entries over into what is known."""
        for entry in entries:
            if entry.kind.upper() == changes.DELETED:
                self._known.remove(entry.path, entry.file.changed)
            else:
                self._known.put(entry.path, entry.file)
        self._known.whole = not cut
        return entries, short, cut

    @staticmethod
    def _result(found):
        entries, short, cut = found
        fields = [("whole", int(not cut))]
        if short is not None:
            fields.append(("short", short))
        return frames.message(frames.CHANGES, fields, _format(entries))

    def cpu_nanos(self):
        """CPU time of scans in children so far: no cell's."""
        running = self._running
        if running is None or running.counted:
            return self._cpu
        return self._cpu + processes.cpu_nanos(running.pid)

    def _count(self, child, usage):
        self.spend(usage)
        child.counted = True

    def spend(self, usage):
        """Adds what a child has used for looks at the workspace that no cell asked for."""
        self._cpu += int((usage.ru_utime + usage.ru_stime) * 1e9)

    # Notes

    def temporary_name(self):
        """A name for a file that is still being written; until forget() no scan sees it."""
        name = ".caisson-%s.part" % os.urandom(8).hex()
        self._temporary.add(name)
        return os.fsencode(name)

    def forget(self, temporary):
        self._temporary.discard(os.fsdecode(temporary))

    def _take_notes(self):
        while True:
            try:
                note = self._notes.recv(_MAX_NOTE)
            except BlockingIOError:
                return
            what, path, *rest = note.split(b"\0")
            if what == b"written":
                size, sha256, stamp = rest
                inode, changed = stamp.split(b":")
                file = changes.File(int(inode), int(changed), int(size), sha256)
                self._known.put(os.fsdecode(path), file)
            else:
                self._known.remove_tree(os.fsdecode(path))


class _Child:
    def __init__(self, serial, pid, fd):
        self.serial = serial
        self.pid = pid
        self.fd = fd
        self.text = bytearray()
        self.counted = False


def _scan_in_child(scan, out):
    """Does a scan to its end, behind everything else that wants the processor."""
    try:
        children.settle(out)
        os.nice(19)
        deadline = time.monotonic() + _CHILD_SECONDS
        try:
            if not scan.walked:
                scan.walk(deadline)
            scan.hash(deadline)
        except changes.Late:
            scan.give_up()
            if not scan.walked:
                scan.cut = True
            scan.short = scan.short or "it took longer than %d s" % _CHILD_SECONDS
        head = b"%d\0%s\0" % (scan.cut, (scan.short or "").encode())
        frames.write_all(out, head + _format(scan.entries) + b"\0end")
    finally:
        os._exit(0)


def _format(entries):
    lines = []
    for entry in entries:
        file = entry.file
        lines += (
            entry.kind, changes.text_of(entry.path), b"%d" % file.size, file.sha256 or b"",
            changes.stamp(file),
        )
    return b"\0".join(lines)


def _parse(text):
    parts = bytes(text).split(b"\0")
    if parts[-1] != b"end":
        raise ValueError("not whole")
    cut, short, *parts = parts[:-1]
    entries = []
    for i in range(0, len(parts) - 4, 5):
        kind, path, size, sha256, stamp = parts[i : i + 5]
        inode, changed = stamp.split(b":")
        file = changes.File(int(inode), int(changed), int(size), sha256 or None)
        entries.append(changes.Entry(kind, changes.path_of(path), file))
    return entries, short.decode() or None, cut == b"1"


def _no_result(why):
    return frames.message(frames.CHANGES, [("unknown", why)])
