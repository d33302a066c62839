"""The system calls that Python's os module lacks."""

import ctypes
import os
import signal

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 1 << 19

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))


def unshare(flags):
    _check(_libc.unshare(flags), "unshare(0x%x)" % flags)


def mount(source, target, kind, flags, options=""):
    _check(
        _libc.mount(
            os.fsencode(source), os.fsencode(target), os.fsencode(kind), flags, os.fsencode(options)
        ),
        "mount %s on %s" % (kind or source, target),
    )


def become_subreaper():
    """Orphans of what this process starts become its children, see prctl(2)."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")


def die_with(parent):
    """This process is killed when its parent, of that number, ends, see prctl(2)."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os._exit(1)


def sync_file_system(descriptor):
    """Writes what is buffered of the file system that it belongs to, see syncfs(2)."""
    _check(_libc.syncfs(descriptor), "syncfs")
