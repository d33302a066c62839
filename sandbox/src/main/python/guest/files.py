"""File requests, each served by a child with the cells' rights to files and no other: what a cell
could not reach this cannot reach, and a file that blocks holds up nobody but its reader."""

import errno
import hashlib
import os
import stat

from . import changes, children, frames, removal, state

_CHUNK = 1 << 18
_ENTRIES_PER_FRAME = 500

# What a file counts at least, empty ones and links too: a file system has room for so many only, and
# they share it with everybody. It is what all others take by the least content.
_LEAST_BYTES = 4096

# Bound into the sandbox, so they cannot be removed; what is in them can.
_ROOTS = (
    b"/",
    b"/tmp",
    b"/home",
    b"/home/user",
    b"/files",
    b"/files/input",
    b"/files/output",
    b"/skills",
    state.DIRECTORY,
)


class Room:
    """What the workspace may take, and whether it has a file system of its own for that."""

    def __init__(self, option):
        limit, wall = option.split(",")
        self.limit = int(limit)
        self.bounded = wall == "loop"

    def refusal(self, shown):
        """What to say when there is no space left."""
        if not self.bounded:
            return Refused("host_full", shown)
        status = os.statvfs(b"/home/user")
        what = "files" if status.f_favail == 0 else "space"
        text = "%s: no %s left in the container, which is at its disk limit of %s; delete some files"
        return Refused("too_large", text % (shown, what, _size(self.limit)))


def _size(count):
    """As settings write it."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count and count % unit == 0:
            return "%d%s" % (count // unit, name)
    return "%dB" % count


class Refused(Exception):
    """The request cannot be done; the message goes to the client."""

    def __init__(self, code, text, *extra):
        super().__init__(text)
        self.fields = [("code", code), ("message", text)] + list(extra)


def serve(fd, already, operation, fields, notes):
    """Serves one request in a forked child, which ends with it.

    notes: where the guest is told what was written, before the engine is."""
    fields[b"notes"] = notes
    fields[b"room"] = Room(fields[b"disk"])
    try:
        os.set_blocking(fd, True)
        children.settle(fd, notes)
        reader = frames.BlockingReader(fd, already)
        try:
            frames.write_all(fd, _OPERATIONS[operation](fd, reader, fields))
        except Refused as refusal:
            frames.write_all(fd, frames.message(frames.ERROR, refusal.fields))
            _drain(reader)
        except OSError as problem:
            refusal = _refusal(problem, fields)
            frames.write_all(fd, frames.message(frames.ERROR, refusal.fields))
            _drain(reader)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the engine has gone; there is nobody to tell
    finally:
        os._exit(0)


def _drain(reader):
    """Reads what the engine still sends, so that it reads our answer and not a broken pipe."""
    while reader.next()[0] == frames.DATA:
        pass


def _refusal(problem, fields):
    shown = _shown(fields.get(b"path", b""))
    number = problem.errno
    if number in (errno.ENOENT, errno.ENOTDIR):
        return Refused("not_found", "%s: no such file" % shown)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return fields[b"room"].refusal(shown)
    if number == errno.EFBIG:
        return Refused("too_large", "%s: over the size that a file of this container may have" % shown)
    return Refused("invalid_request", "%s: %s" % (shown, os.strerror(number) if number else problem))


def _write(fd, reader, fields):
    path = fields[b"path"]
    parent, name = os.path.split(path)
    if not name or name in (b".", b".."):
        raise Refused("invalid_request", "%s: not the name of a file" % _shown(path))
    os.makedirs(parent, exist_ok=True)
    directory = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    temporary = fields[b"temporary"]
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    target = os.open(temporary, flags, 0o644, dir_fd=directory)
    try:
        while True:
            kind, payload = reader.next()
            if kind == frames.END:
                break
            if kind != frames.DATA:
                raise EOFError
            frames.write_all(target, payload)
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        written = os.fstat(target)
    except BaseException:
        try:
            os.unlink(temporary, dir_fd=directory)
        except OSError:
            pass
        raise
    # Read back at its destination, through the name that a cell would use.
    with open(path, "rb", opener=lambda file, _: os.open(file, _READ)) as back:
        _regular(back.fileno(), path)
        digest = hashlib.sha256()
        size = 0
        while True:
            chunk = back.read(_CHUNK)
            if not chunk:
                break
            size += len(chunk)
            digest.update(chunk)
    fields_of_result = [("size", size), ("sha256", digest.hexdigest())]
    real = _real_path(directory, name)
    if changes.within(os.fsdecode(real)):
        known = changes.File(written.st_ino, written.st_ctime_ns, size, digest.hexdigest().encode())
        stamp = changes.stamp(known)
        _note(fields, b"written", real, b"%d" % size, known.sha256, stamp)
        fields_of_result += [("path", changes.text_of(os.fsdecode(real))), ("stamp", stamp)]
    return frames.message(frames.RESULT, fields_of_result)


def _real_path(directory, name):
    """Where an entry of an open directory lies, whatever links led there."""
    return os.path.join(os.fsencode(os.readlink("/proc/self/fd/%d" % directory)), name)


def _note(fields, *parts):
    os.write(fields[b"notes"], b"\0".join(parts))


_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def _read(fd, reader, fields):
    path = fields[b"path"]
    offset, length = int(fields[b"offset"]), int(fields[b"length"])
    file = os.open(path, _READ)
    total = _regular(file, path).st_size
    if offset > total or (offset == total and total > 0):
        raise Refused(
            "range_not_satisfiable",
            "%s: the range starts at byte %d of a file of %d bytes" % (_shown(path), offset, total),
            ("size", total),
        )
    left = min(length, total - offset)
    frames.write_all(fd, frames.message(frames.RESULT, [("total", total), ("length", left)]))
    os.lseek(file, offset, os.SEEK_SET)
    while left:
        chunk = os.read(file, min(left, _CHUNK))
        if not chunk:
            raise Refused("conflict", "%s: became shorter while it was read" % _shown(path))
        frames.write_all(fd, frames.frame(frames.DATA, chunk))
        left -= len(chunk)
    return frames.frame(frames.END)


def _regular(file, path):
    status = os.fstat(file)
    if stat.S_ISDIR(status.st_mode):
        raise Refused("invalid_request", "%s: is a directory" % _shown(path))
    if not stat.S_ISREG(status.st_mode):
        raise Refused("invalid_request", "%s: is not a regular file" % _shown(path))
    return status


def _list(fd, reader, fields):
    path = fields[b"path"]
    status = os.lstat(path)
    batch = []
    if not stat.S_ISDIR(status.st_mode):
        batch.append(_entry(path, status))
    else:
        for name in sorted(os.listdir(path)):
            try:
                batch.append(_entry(name, os.lstat(os.path.join(path, name))))
            except FileNotFoundError:
                continue  # gone since it was listed
            if len(batch) == _ENTRIES_PER_FRAME:
                frames.write_all(fd, frames.frame(frames.DATA, b"\0".join(batch)))
                batch = []
    if batch:
        frames.write_all(fd, frames.frame(frames.DATA, b"\0".join(batch)))
    return frames.frame(frames.END)


def _entry(name, status):
    mode = status.st_mode
    if stat.S_ISREG(mode):
        kind = b"FILE"
    elif stat.S_ISDIR(mode):
        kind = b"DIRECTORY"
    elif stat.S_ISLNK(mode):
        kind = b"LINK"
    else:
        kind = b"OTHER"
    return b"%s\0%d\0%d\0%s" % (kind, status.st_size, status.st_mtime_ns // 1000000, name)


def _delete(fd, reader, fields):
    path = os.path.normpath(fields[b"path"])
    if path in _ROOTS:
        raise Refused("invalid_request", "%s: belongs to the container and stays" % _shown(path))
    parent, name = os.path.split(fields[b"path"].rstrip(b"/"))
    if name in (b"", b".", b".."):
        raise Refused("invalid_request", "%s: not the name of a file" % _shown(path))
    directory = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    removal.remove(name, directory)
    real = _real_path(directory, name)
    _note(fields, b"deleted", real)
    return frames.message(frames.RESULT, [("path", changes.text_of(os.fsdecode(real)))])


def _disk(fd, reader, fields):
    """Bytes that the workspace takes: allocated blocks and no less than one, each file once however
    many names it has."""
    if fields[b"room"].bounded:
        status = os.statvfs(b"/home/user")
        taken = (status.f_blocks - status.f_bfree) * status.f_frsize
        return frames.message(frames.RESULT, [("bytes", taken)])
    total = 0
    seen = set()
    waiting = [b"/tmp", b"/home/user", b"/files", b"/skills", state.DIRECTORY]
    while waiting:
        directory = waiting.pop()
        try:
            entries = os.scandir(directory)
        except OSError:
            continue  # closed by its owner, or gone
        with entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
                    if (status.st_dev, status.st_ino) in seen:
                        continue
                    seen.add((status.st_dev, status.st_ino))
                total += max(status.st_blocks * 512, _LEAST_BYTES)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(entry.path)
    return frames.message(frames.RESULT, [("bytes", total)])


def _shown(path):
    return path.decode("utf-8", "backslashreplace")


_OPERATIONS = {
    b"write": _write,
    b"read": _read,
    b"list": _list,
    b"delete": _delete,
    b"disk": _disk,
}
