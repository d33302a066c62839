"""Removes trees that untrusted code made: no recursion, no links followed, few descriptors at any
depth, directories without permissions opened by their owner."""

import os
import stat


def empty(top):
    """Removes everything in the directory that the descriptor stands for.

    Depth is taken away first: what lies in a subdirectory is moved up beside it, under names that
    nothing else has, so that one descriptor more than the top's is enough for any depth.
    """
    serial = 0
    prefix = b".caisson-removal-%s-" % os.urandom(8).hex().encode()
    while True:
        names = [os.fsencode(name) for name in os.listdir(top)]
        if not names:
            return
        for name in names:
            if not _is_directory(name, top):
                os.unlink(name, dir_fd=top)
                continue
            if _try_rmdir(name, top):
                continue
            inner = _open_directory(name, top)
            try:
                for child in os.listdir(inner):
                    child = os.fsencode(child)
                    if _is_directory(child, inner):
                        # Moving a directory rewrites its "..": it must be writable.
                        _make_usable(child, inner)
                        serial += 1
                        os.rename(child, prefix + b"%d" % serial, src_dir_fd=inner, dst_dir_fd=top)
                    else:
                        os.unlink(child, dir_fd=inner)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)


def remove(name, parent):
    """Removes one entry of a directory, whatever it is."""
    if not _is_directory(name, parent):
        os.unlink(name, dir_fd=parent)
        return
    inner = _open_directory(name, parent)
    try:
        empty(inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=parent)


def _is_directory(name, parent):
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def _try_rmdir(name, parent):
    try:
        os.rmdir(name, dir_fd=parent)
        return True
    except OSError:
        return False


def _open_directory(name, parent):
    _make_usable(name, parent)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, dir_fd=parent)


def _make_usable(name, parent):
    mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if mode & 0o700 != 0o700:
        # Checked to be a directory by the caller; a link cannot be put in its place, since
        # whatever could do so has ended, or does it to files that it owns anyway.
        os.chmod(name, 0o700, dir_fd=parent)
