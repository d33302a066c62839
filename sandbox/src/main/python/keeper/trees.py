"""Copies a tree of files that untrusted code made: by descriptors, one name at a time, so that no
link is followed and nothing outside the tree is reached; no recursion, and few descriptors at any
depth. Content is shared with the original where the file system can (FICLONE), and holes stay holes.
"""

import errno
import fcntl
import os
import stat

# linux/fs.h; see ioctl_ficlone(2).
_FICLONE = 0x40049409

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

# What file systems answer that cannot do a thing, or not between these two.
_CANNOT = (
    errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM,
    errno.ETXTBSY,
)

_AT_ONCE = 64 << 20
_CHUNK = 1 << 20

# Of what was skipped so many are named; the others are counted.
_NAMED = 100
_LONGEST_NAME = 300


class Changed(Exception):
    """The tree was moved under the copy."""


class TreeCopy:
    """owners: host ids of the original to those of the copy; others are the last one's. None where
    there is one user for all. links: a descriptor of an empty directory on the copy's file system, for
    names by which files with several are found again; emptied by the caller.

    Kept: content, holes, modes, times, links of both kinds, names of any bytes, extended attributes of
    users. Not kept: access control lists. Sockets, pipes and devices are skipped and named."""

    def __init__(self, owners, links):
        self._owners = owners
        self._links = links
        self._linked = {}  # (device, inode) of the original to a name in links
        self._clones = True  # until the file system says no
        self.files = 0
        self.bytes = 0
        self.cloned = 0  # files
        self.skipped = []
        self.skipped_count = 0
        self.place = ""  # where it failed

    def copy(self, name, source, target, shown):
        """Copies a directory into one that has none of that name yet. source and target: descriptors
        of what it lies in and what its copy is to lie in. shown: what it is called inside."""
        self._shown = shown
        walk = _Walk(name, source, target, self._give_owner)
        try:
            while walk.here is not None:
                entry = walk.here.next_name()
                if entry is not None:
                    self._entry(walk, entry)
                    continue
                left = walk.leave()
                try:
                    self._give_attributes(left.source, left.target, left.mode)
                finally:
                    left.close()
        except (OSError, Changed):
            self.place = _text(walk.path(shown))
            raise
        finally:
            walk.close()

    def _entry(self, walk, name):
        walk.name = name
        info = os.stat(name, dir_fd=walk.here.source, follow_symlinks=False)
        if stat.S_ISDIR(info.st_mode):
            walk.enter(name, info)
        elif stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
            if not self._link_again(walk, name, info):
                copy = self._file if stat.S_ISREG(info.st_mode) else self._symlink
                if copy(walk, name, info):
                    self._remember(walk, name, info)
        else:
            self._skip(walk)

    def _skip(self, walk):
        self.skipped_count += 1
        if len(self.skipped) < _NAMED:
            self.skipped.append(_text(walk.path(self._shown)))

    def _link_again(self, walk, name, info):
        first = self._linked.get((info.st_dev, info.st_ino)) if info.st_nlink > 1 else None
        if first is None:
            return False
        os.link(
            first, name, src_dir_fd=self._links, dst_dir_fd=walk.here.target, follow_symlinks=False
        )
        return True

    def _remember(self, walk, name, info):
        if info.st_nlink > 1:
            kept = b"%d" % len(self._linked)
            os.link(
                name, kept, src_dir_fd=walk.here.target, dst_dir_fd=self._links, follow_symlinks=False
            )
            self._linked[info.st_dev, info.st_ino] = kept

    def _symlink(self, walk, name, info):
        os.symlink(os.readlink(name, dir_fd=walk.here.source), name, dir_fd=walk.here.target)
        if self._owners is not None:
            os.chown(
                name, self._owner(info.st_uid), self._owner(info.st_gid), dir_fd=walk.here.target,
                follow_symlinks=False,
            )
        os.utime(name, ns=_times(info), dir_fd=walk.here.target, follow_symlinks=False)
        return True

    def _file(self, walk, name, info):
        source = _open(name, walk.here.source, _FILE, 0o400, info)
        try:
            _give_back(source, info, 0o400)
            info = os.fstat(source)
            if not stat.S_ISREG(info.st_mode):
                self._skip(walk)
                return False
            target = os.open(name, _NEW_FILE, 0o600, dir_fd=walk.here.target)
            try:
                self._content(source, target, info.st_size)
                self._give_attributes(source, target, stat.S_IMODE(info.st_mode))
            finally:
                os.close(target)
        finally:
            os.close(source)
        self.files += 1
        self.bytes += info.st_size
        return True

    def _content(self, source, target, size):
        if size and self._clones:
            try:
                fcntl.ioctl(target, _FICLONE, source)
                self.cloned += 1
                return
            except OSError as problem:
                if problem.errno not in _CANNOT:
                    raise
                self._clones = False
        os.ftruncate(target, size)
        at = 0
        while at < size:
            try:
                start = os.lseek(source, at, os.SEEK_DATA)
            except OSError as problem:
                if problem.errno != errno.ENXIO:
                    raise
                return  # nothing but a hole from here on
            end = min(os.lseek(source, start, os.SEEK_HOLE), size)
            _range(source, target, start, end)
            at = end

    def _give_attributes(self, source, target, mode):
        """Those of an open file or directory to its copy."""
        info = os.fstat(source)
        for name in _user_attributes(source):
            os.setxattr(target, name, os.getxattr(source, name))
        self._give_owner(target, info)
        # After the owner, whose change takes bits away.
        os.fchmod(target, mode)
        os.utime(target, ns=_times(info))

    def _give_owner(self, target, info):
        if self._owners is not None:
            os.fchown(target, self._owner(info.st_uid), self._owner(info.st_gid))

    def _owner(self, number):
        return self._owners.get(number, self._owners[None])


class _Level:
    """One directory of the tree and its copy. mode: the original's own, which may have been widened
    for us to get in."""

    def __init__(self, source, target, mode):
        self.source = source
        self.target = target
        self.mode = mode
        self._names = [os.fsencode(name) for name in os.listdir(source)]

    def next_name(self):
        return self._names.pop() if self._names else None

    def close(self):
        if stat.S_IMODE(os.fstat(self.source).st_mode) != self.mode:
            os.fchmod(self.source, self.mode)
        os.close(self.source)
        os.close(self.target)


class _Walk:
    """Where the copy stands. Only the directory itself is open; the way back is by "..", which must
    lead to where we came from. here: None when it is over."""

    def __init__(self, name, source, target, give_owner):
        self.here = None
        self._give_owner = give_owner
        self.name = b""  # of the entry that it is at
        self._above = []
        self._path = []
        self._enter(name, source, target, os.stat(name, dir_fd=source, follow_symlinks=False))

    def path(self, shown):
        return b"/".join([shown] + self._path + [self.name])

    def enter(self, name, info):
        above = self.here
        self._enter(name, above.source, above.target, info)
        self._above.append((above, _identity(above.source), _identity(above.target)))
        # Opened again when we come back: a tree may be deeper than there are descriptors.
        os.close(above.source)
        os.close(above.target)
        self._path.append(name)

    def _enter(self, name, source, target, info):
        mode = stat.S_IMODE(info.st_mode)
        opened = _open(name, source, _DIRECTORY, 0o500, info)
        try:
            os.mkdir(name, 0o700, dir_fd=target)
            copy = os.open(name, _DIRECTORY, dir_fd=target)
            # At once: a copy that is given up is removed with the rights of its owner alone.
            self._give_owner(copy, info)
            self.here = _Level(opened, copy, mode)
        except BaseException:
            _give_back(opened, info, 0o500)
            os.close(opened)
            raise

    def leave(self):
        """Goes one up; returns what was left, still open, whose attributes may shut it now."""
        left, self.here = self.here, None
        if self._above:
            above, source, target = self._above.pop()
            above.source = _above(left.source, source)
            above.target = _above(left.target, target)
            self.here = above
            self._path.pop()
        return left

    def close(self):
        """Gives every directory that was widened for us its mode back."""
        while self.here is not None:
            self.leave().close()


def _open(name, parent, flags, bits, info):
    """Opens an entry of a directory; what shuts out its own user is opened to it, who we are then."""
    if os.getuid() != 0 and info.st_mode & bits != bits:
        place = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            if stat.S_IFMT(os.fstat(place).st_mode) == stat.S_IFMT(info.st_mode):
                os.chmod("/proc/self/fd/%d" % place, stat.S_IMODE(info.st_mode) | bits)
        finally:
            os.close(place)
    return os.open(name, flags, dir_fd=parent)


def _give_back(opened, info, bits):
    """Takes away again what opening it may have added."""
    if os.getuid() != 0 and info.st_mode & bits != bits:
        os.fchmod(opened, stat.S_IMODE(info.st_mode))


def _above(directory, identity):
    above = os.open("..", _DIRECTORY, dir_fd=directory)
    if _identity(above) != identity:
        os.close(above)
        raise Changed("a directory was moved while it was copied")
    return above


def _identity(directory):
    info = os.fstat(directory)
    return info.st_dev, info.st_ino


def _text(path):
    text = path.decode("utf-8", "replace")
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 3] + "..."


def _times(info):
    return info.st_atime_ns, info.st_mtime_ns


def _user_attributes(opened):
    try:
        return [name for name in os.listxattr(opened) if name.startswith("user.")]
    except OSError as problem:
        if problem.errno in _CANNOT:
            return []
        raise


def _range(source, target, start, end):
    """Copies bytes that are there, in the kernel where it can."""
    while start < end:
        try:
            count = os.copy_file_range(source, target, min(end - start, _AT_ONCE), start, start)
        except OSError as problem:
            if problem.errno not in _CANNOT:
                raise
            data = os.pread(source, min(end - start, _CHUNK), start)
            count = len(data)
            written = 0
            while written < count:
                written += os.pwrite(target, data[written:], start + written)
        if not count:
            return  # it ends earlier than it did
        start += count
