"""Which files of the workspace were touched since they were last looked at, so that the scan after a
cell looks at those alone: looking at one costs more than a microsecond, and most cells touch few.

The kernel tells (inotify) of everything that is opened, made, moved or removed in a directory, and
of every write but one: through memory that is mapped from a file. A mapping begins with an open
file, which is told of; so nothing is missed as long as no process that outlives a cell holds a
file of the workspace. That is the interpreter alone, and it is looked at after each cell that touched
any. Code that hides a descriptor from that look (in a socket, on its way) hides its own writes from
its own record, until the next scan of everything.

Whatever is out of the ordinary (too many events, directories that were moved or closed, files with
several links, a scan that did not see everything) has the next scan look at everything, as it does
where the kernel has no watches left to give.
"""

import array
import ctypes
import fcntl
import os
import struct
import termios

from . import changes, privileges

# With fewer files than this, looking at all of them costs less than a cell may notice.
_LEAST_FILES = 50

# A watch costs the kernel about a kilobyte, and the user of an unprivileged server has some 65,000.
_MOST_DIRECTORIES = 256

# An event costs two microseconds to read here; beyond that many, looking at all files is cheaper.
_MOST_EVENT_BYTES = 1 << 16

# See inotify(7).
_MODIFY, _ATTRIB, _OPEN = 0x2, 0x4, 0x20
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _UNMOUNT, _OVERFLOW, _IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
_ONLY_DIRECTORIES, _IS_DIRECTORY = 0x01000000, 0x40000000
_WATCHED = (
    _MODIFY | _ATTRIB | _OPEN | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
    | _ONLY_DIRECTORIES
)
_LOST = _OVERFLOW | _UNMOUNT | _IGNORED | _DELETE_SELF | _MOVE_SELF

_EVENT = struct.Struct("iIII")

_libc = ctypes.CDLL(None, use_errno=True)


# How many scans pass at most before watching is tried again after it was of no use.
_LONGEST_PAUSE = 64


class Watches:
    def __init__(self):
        self._pause = 1
        self._scans_to_pass = 0
        self._refused = False  # the kernel has none to give
        self._forget()

    def _forget(self):
        self._fd = None
        self._prefixes = {}  # by watch
        self._watched = set()
        # Directories that were looked at since they are watched.
        self._clean = set()
        # What was touched and is still to be looked at.
        self._left = {}
        self._held = False
        self._files_touched = False

    def touched(self):
        """Names by directory, None for all of it; or None when everything is to be looked at. What
        happens from now on is told by the next call."""
        if self._fd is None:
            return None
        touched, self._left = self._left, {}
        self._files_touched = False
        if not self._read(touched):
            self.stop()
            return None
        for prefix in self._watched - self._clean:
            touched[prefix] = None
        return None if self._held else touched

    def _read(self, touched):
        waiting = array.array("i", [0])
        fcntl.ioctl(self._fd, termios.FIONREAD, waiting)
        if waiting[0] == 0:
            return True
        if waiting[0] > _MOST_EVENT_BYTES:
            return False
        data = os.read(self._fd, _MOST_EVENT_BYTES)
        at = 0
        while at < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size + length
            if mask & _LOST:
                return False
            name = data[at - length : at].rstrip(b"\0")
            if mask & _IS_DIRECTORY:
                if mask & _OPEN:
                    continue
                if not name:
                    return False  # the rights to a directory have changed
            else:
                self._files_touched = True
            names = touched.setdefault(self._prefixes[watch], set())
            if names is not None:
                names.add(os.fsdecode(name))
        return True

    def is_watched(self, prefix):
        return prefix in self._watched

    def follow(self, scan, interpreter):
        """Takes note of a scan that has just been done in this process: what it looked at is known
        from here on. interpreter: the process that outlives the cell, or None."""
        if scan.short is not None or scan.cut:
            self.stop()
            return
        if self._fd is None and not self._worth_it(scan):
            return
        try:
            with privileges.AsCell():
                self._follow(scan, interpreter)
        except OSError:
            self.stop()

    def _worth_it(self, scan):
        if self._refused or scan.files() < _LEAST_FILES:
            return False
        if len(scan.directories) > _MOST_DIRECTORIES:
            return False
        self._scans_to_pass -= 1
        return self._scans_to_pass < 0

    def _follow(self, scan, interpreter):
        if self._fd is None:
            self._fd = self._granted(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        elif scan.everywhere:
            self._clean = self._watched & scan.directories
        else:
            self._clean |= self._watched & scan.directories
            self._pause = 1
        if len(self._watched | scan.directories) > _MOST_DIRECTORIES:
            self.stop()
            return
        for prefix in scan.directories - self._watched:
            self._watch(prefix)
        for prefix, name in scan.later:
            self._left.setdefault(prefix, set()).add(name)
        if scan.everywhere or self._files_touched:
            self._held = interpreter is not None and _holds_files(interpreter)

    def _watch(self, prefix):
        fd = changes.open_directory(prefix)
        try:
            path = b"/proc/self/fd/%d" % fd
            watch = self._granted(_libc.inotify_add_watch(self._fd, path, _WATCHED))
        finally:
            os.close(fd)
        if watch in self._prefixes:
            raise OSError("a directory was moved meanwhile")
        self._prefixes[watch] = prefix
        self._watched.add(prefix)

    def _granted(self, number):
        if number < 0:
            self._refused = True
            raise OSError(ctypes.get_errno(), "inotify")
        return number

    def stop(self):
        """Forgets everything: the next scan looks at all files."""
        if self._fd is not None:
            os.close(self._fd)
            self._scans_to_pass = self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self._forget()


def _holds_files(pid):
    """Whether a process has a file of the workspace open or shares memory with one."""
    try:
        for name in os.listdir("/proc/%d/fd" % pid):
            if changes.within(os.readlink("/proc/%d/fd/%s" % (pid, name))):
                return True
        with open("/proc/%d/maps" % pid, errors="surrogateescape") as maps:
            for line in maps:
                area, rights, _, _, _, *path = line.split(None, 5)
                if rights.endswith("s") and path and changes.within(path[0]):
                    return True
    except OSError:
        return True  # it does not let itself be looked at
    return False
