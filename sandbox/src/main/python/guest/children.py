"""What a forked child of the guest does first, before it touches the workspace."""

import os
import resource

from . import privileges
import _signal


def settle(*kept):
    """Keeps only these descriptors, has no part in the guest's signals, and takes the rights of the
    cells' user to files."""
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    first = 3
    for fd in sorted(kept):
        os.closerange(first, fd)
        first = fd + 1
    os.closerange(first, highest + 1)
    _signal.set_wakeup_fd(-1)
    os.setsid()
    os.umask(0o022)
    privileges.serve_files_as_cell()
