"""What the guest may do, and how it hands less to what it starts.

As process 1 of a sandbox opened by root, the guest is user 0 inside (a host uid of its own) with
three capabilities: to become the cells' user and to signal it. Cells are user 1000 with none. In a
rootless sandbox there is one user, 1000, and nothing to drop; what protects the guest there is that
it is process 1 and not dumpable.
"""

import ctypes
import os
import struct

CELL_ID = 1000

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAP_KILL, _CAP_SETGID, _CAP_SETUID = 5, 6, 7
_CAPABILITY_VERSION_3 = 0x20080522
_SIGKILL = 9

_libc = ctypes.CDLL(None, use_errno=True)

# The guest of a sandbox that root opened; else guest and cells are one user.
SEPARATE = os.getuid() == 0


def settle():
    """Takes up the guest's place as process 1: no way in through ptrace or /proc, no spare right."""
    _protect()
    if not SEPARATE:
        return
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # the first number that the kernel does not know
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    _keep_capabilities(1 << _CAP_KILL | 1 << _CAP_SETGID | 1 << _CAP_SETUID)


def _keep_capabilities(kept):
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    sets = struct.pack("=6I", kept, kept, 0, 0, 0, 0)
    if _libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _protect():
    # Both are reset by the kernel whenever a process changes its user, see prctl(2).
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


class AsCell:
    """Within it, file access has the rights of the cells' user; the rights to be signalled do not
    change. Only for calls that cannot block."""

    def __enter__(self):
        if SEPARATE:
            os.setresgid(-1, CELL_ID, -1)
            os.setresuid(-1, CELL_ID, -1)

    def __exit__(self, *_):
        if SEPARATE:
            os.setresuid(-1, 0, -1)
            os.setresgid(-1, 0, -1)
            _protect()


def become_cell():
    """Gives up the guest's rights for good; the process stays closed to others until it execs."""
    if SEPARATE:
        os.setgroups([])
        os.setresgid(CELL_ID, CELL_ID, CELL_ID)
        os.setresuid(CELL_ID, CELL_ID, CELL_ID)


def serve_files_as_cell():
    """Takes the rights of the cells' user to files, for good, and none of the guest's; but stays the
    guest's user to everything else, so that code cannot stop or end what serves its files."""
    if not SEPARATE:
        return
    for set_id in (_libc.setfsgid, _libc.setfsuid):
        set_id(CELL_ID)
        # Neither tells of a failure; asking for no id at all answers with the one in force.
        if set_id(-1) != CELL_ID:
            raise OSError("the rights of the cells' user to files could not be taken")
    _keep_capabilities(0)
    _protect()


def first_to_die(score):
    """Under memory pressure the kernel ends this process before the guest, and first the one with
    the highest score. Raising it needs no right, but the file is open to a process only while it is
    dumpable."""
    if not SEPARATE:
        _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write(str(score))
