"""What a cell changed: compares the files of the workspace with what is known of them, and hashes
those that differ.

A change belongs to a cell when the kernel's own change time of the file (st_ctime, which no program
can set) lies between the cell's start and its end; for a file that is gone, that of the directory
which held it. What changed before the cell began is reported as nobody's; what changes after its end
is left to the next scan. So a scan may run while the next cell does and still names the right one.

Whatever the container's code prepares, a scan ends: no link is followed, nothing but a regular file
is read and none beyond the size that it had, and there are limits on entries, depth, names, bytes
and time, each named in the result when it was reached.
"""

import errno
import os
import stat
import time

# What of a sandbox is kept when it ends.
ROOTS = ("/tmp", "/home/user", "/files/input", "/files/output", "/skills")

# A walk costs about 1.5 microseconds an entry, what is known of a file some 500 bytes.
MAX_ENTRIES = 20_000
# Each level holds a descriptor, of which the guest has 1,024.
MAX_DEPTH = 128
# Rows of the database are found by path; PostgreSQL indexes up to 2,700 bytes.
MAX_PATH = 1024
# Of one scan: more than a container may hold, but a sparse file costs time and no space.
MAX_HASHED = 8 << 30

_CHUNK = 1 << 18
_LOOK_AT_CLOCK_EVERY = 256

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC

# Up to here the interpreter's own SHA-256 is as good as OpenSSL's, whose import costs 3 ms.
_SMALL = 1 << 20

# What became of a file. Lower case: before the cell began, by nobody knows whom. SAME: nothing but
# what it is recognized by.
CREATED, MODIFIED, DELETED, SAME = b"C", b"M", b"D", b"="


class Late(Exception):
    """The time that there was is over; what was found so far stays."""


class File:
    """What is known of a file. A change time of 0: the content is vouched for by the engine."""

    __slots__ = ("inode", "changed", "size", "sha256")

    def __init__(self, inode, changed, size, sha256):
        self.inode = inode
        self.changed = changed
        self.size = size
        self.sha256 = sha256


class Listing:
    """What was in a directory when it had that change time: its files, as pairs of name and path,
    the directories in it, and how many entries there are of any kind."""

    __slots__ = ("inode", "changed", "files", "inner", "count")

    def __init__(self, inode, changed):
        self.inode = inode
        self.changed = changed
        self.files = []
        self.inner = []
        self.count = 0


class Known:
    """The files of the workspace, as they were last seen, by path."""

    def __init__(self):
        self.files = {}
        self.listings = {}  # by path, with a slash at its end
        self.count = 0  # of all entries
        # False after a scan that was cut short: a file that is not here may still be an old one.
        self.whole = True

    def load(self, body, whole):
        """Takes over what the engine remembers from earlier sandboxes."""
        parts = body.split(b"\0") if body else []
        self.files = {}
        for i in range(0, len(parts) - 3, 4):
            inode, _, changed = parts[i + 3].partition(b":")
            self.files[path_of(parts[i])] = File(
                int(inode or 0), int(changed or 0), int(parts[i + 1]), parts[i + 2] or None
            )
        self.whole = whole

    def put(self, path, file):
        present = self.files.get(path)
        # News may overtake each other: a write of the API, and a scan that began before it.
        if present is None or file.changed >= present.changed:
            self.files[path] = file

    def remove(self, path, changed):
        present = self.files.get(path)
        if present is not None and present.changed <= changed:
            del self.files[path]

    def remove_tree(self, path):
        below = path + "/"
        for name in [one for one in self.files if one == path or one.startswith(below)]:
            del self.files[name]


class Entry:
    """One line of a result. changed: of a file that is gone, what was known of it."""

    __slots__ = ("kind", "path", "file")

    def __init__(self, kind, path, file):
        self.kind = kind
        self.path = path
        self.file = file


class Scan:
    """One comparison.

    passing: names of files that are still being written by the engine, which are nobody's.
    start and end: in nanoseconds: the coarse clock's at the start, since that is
    the clock of change times, and the precise one's at the end."""

    def __init__(self, known, passing, start, end):
        self._known = known
        self._passing = passing
        self._start = start
        self._end = end
        self.walked = False
        self.short = None  # why it does not see everything
        self.cut = False  # whether it ended before it had seen all directories
        self.everywhere = True
        self.directories = set()  # that it has looked at whole, with a slash at their ends
        self.later = []  # what changed after its end, as pairs of directory and name
        self.entries = []
        self._candidates = []

    # Looking

    def walk(self, deadline, watches=None):
        """Finds what differs. Raises Late, and is then to be done again from the start."""
        self._deadline = deadline
        touched = watches.touched() if watches is not None else None
        if touched is None or not self._look_at(touched, watches):
            self._look_everywhere()
        if not self._known.whole:
            self.short = self.short or "not all files were known before"
        self._known.count = self._count
        self.walked = True

    def files(self):
        """How many are known."""
        return len(self._known.files)

    def _begin(self, everywhere, count, listings):
        self.everywhere = everywhere
        self._count = count
        self._listings = listings
        self.short = None
        self.cut = False
        self.directories = set()
        self.later = []
        self.entries = []
        self._seen = []
        self._closed = []
        self._candidates = []

    def _look_everywhere(self):
        self._begin(True, 0, {})
        for root in ROOTS:
            try:
                fd = os.open(root, _DIRECTORY)
            except OSError:
                self._cannot_look(root)
                continue
            try:
                self._directory(fd, root + "/", 1)
            except OSError:
                self._cannot_look(root)
            finally:
                os.close(fd)
            if self.cut:
                break
        self._known.listings = self._listings
        # Unless it was cut short, what is known and was not seen is gone.
        if len(self._seen) < len(self._known.files) and not self.cut:
            closed = tuple(self._closed)
            unseen = self._known.files.keys() - set(self._seen)
            self._deleted(path for path in unseen if not (closed and path.startswith(closed)))

    def _look_at(self, touched, watches):
        """Looks at what was touched. Answers False when that does not do."""
        self._begin(False, self._known.count, self._known.listings)
        known = self._known.files
        gone = set()
        # Outer directories first: with one that is looked at whole come those in it.
        for prefix in sorted(touched):
            if prefix in self.directories:
                continue
            try:
                fd = open_directory(prefix)
            except OSError:
                return False
            try:
                names = touched[prefix]
                if names is None:
                    self._directory(fd, prefix, _depth(prefix))
                    gone.update(path for path in known if path.startswith(prefix))
                elif not all(self._touched(fd, prefix, name, gone, watches) for name in names):
                    return False
            except OSError:
                return False
            finally:
                os.close(fd)
        if self.cut or self.short:
            return False
        gone.difference_update(self._seen)
        self._deleted(gone)
        return True

    def _touched(self, fd, prefix, name, gone, watches):
        path = prefix + name
        try:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            mode = status.st_mode
        except FileNotFoundError:
            status, mode = None, 0
        if stat.S_ISREG(mode):
            # Another name of it may lie where nothing was touched.
            if status.st_nlink > 1:
                return False
            self._look(prefix, name, path, status)
        elif path in self._known.files:
            gone.add(path)
        inner = path + "/"
        if stat.S_ISDIR(mode):
            if not watches.is_watched(inner):
                self._inner(fd, path, name, _depth(prefix))
                gone.update(one for one in self._known.files if one.startswith(inner))
            return True
        if watches.is_watched(inner):
            return False
        gone.update(one for one in self._known.files if one.startswith(inner))
        return True

    def _directory(self, fd, prefix, depth):
        self.directories.add(prefix)
        listing = self._listing(fd, prefix)
        self._compare(fd, prefix, listing)
        for name in listing.inner:
            if self.cut:
                return
            self._inner(fd, prefix + name, name, depth)

    def _listing(self, fd, prefix):
        """The names in a directory, from memory when they are the same as then: reading them costs
        nearly as much as looking at the files."""
        status = os.fstat(fd)
        listing = self._known.listings.get(prefix)
        if (
            listing is not None
            and listing.changed == status.st_ctime_ns
            and listing.inode == status.st_ino
        ):
            self._count += listing.count
            self.cut = self._full()
            self._listings[prefix] = listing
            return listing
        listing = self._list(fd, prefix, status)
        # In the tick of the clock in which it was changed last, it may be changed again unseen.
        if not self.cut and listing.changed < self._start:
            self._listings[prefix] = listing
        return listing

    def _list(self, fd, prefix, status):
        listing = Listing(status.st_ino, status.st_ctime_ns)
        before = self._count
        with os.scandir(fd) as entries:
            for entry in entries:
                self._count += 1
                if self._count % _LOOK_AT_CLOCK_EVERY == 0:
                    self._look_at_clock()
                if entry.is_file(follow_symlinks=False):
                    listing.files.append((entry.name, prefix + entry.name))
                elif entry.is_dir(follow_symlinks=False):
                    listing.inner.append(entry.name)
                if self._full():
                    self.cut = True
                    break
        listing.count = self._count - before
        return listing

    def _full(self):
        if self._count > MAX_ENTRIES:
            self.short = "there are more than %d entries" % MAX_ENTRIES
            return True
        return False

    def _compare(self, fd, prefix, listing):
        known, seen, look, start = self._known.files, self._seen, os.stat, self._start
        for i, (name, path) in enumerate(listing.files, 1):
            if i % _LOOK_AT_CLOCK_EVERY == 0:
                self._look_at_clock()
            try:
                status = look(name, dir_fd=fd, follow_symlinks=False)
            except OSError:
                continue  # gone since
            changed = status.st_ctime_ns
            old = known.get(path)
            if (
                old is not None
                and changed == old.changed
                and changed < start
                and old.inode == status.st_ino
            ):
                seen.append(path)
            elif stat.S_ISREG(status.st_mode):  # and nothing else by now
                self._look(prefix, name, path, status)

    def _look(self, prefix, name, path, status):
        old = self._known.files.get(path)
        changed = status.st_ctime_ns
        if old is not None:
            self._seen.append(path)
            if changed == old.changed and changed < self._start and old.inode == status.st_ino:
                return
        if changed <= self._end and name not in self._passing:
            self._differs(path, status, old)
        else:
            self.later.append((prefix, name))

    def _inner(self, parent, path, name, depth):
        if depth == MAX_DEPTH or len(path) > MAX_PATH:
            self._cannot_look(path, "directories lie too deep")
            return
        try:
            fd = os.open(name, _DIRECTORY, dir_fd=parent)
        except OSError as problem:
            if problem.errno != errno.ENOENT:
                self._cannot_look(path)
            return
        try:
            self._directory(fd, path + "/", depth + 1)
        except OSError:
            self._cannot_look(path)
        finally:
            os.close(fd)

    def _cannot_look(self, path, why=None):
        self._closed.append(path + "/")
        self.short = self.short or why or "a directory cannot be read"

    def _look_at_clock(self):
        if time.monotonic() > self._deadline:
            raise Late

    def _differs(self, path, status, old):
        if len(os.fsencode(path)) > MAX_PATH:
            self.short = self.short or "a path is longer than %d bytes" % MAX_PATH
            return
        file = File(status.st_ino, status.st_ctime_ns, status.st_size, None)
        before = file.changed < self._start
        if old is not None and before and not old.changed and old.size == file.size:
            file.sha256 = old.sha256
            self.entries.append(Entry(SAME, path, file))
        elif old is None and before and not self._known.whole:
            self.entries.append(Entry(SAME, path, file))
        else:
            self._candidates.append((before, path, file, old))

    def _deleted(self, paths):
        """The directory that held a file tells since when it is gone."""
        times = {}
        for path in paths:
            self._look_at_clock()
            changed = _time_of_directory(os.path.dirname(path), times)
            if changed <= self._end:
                kind = DELETED.lower() if changed < self._start else DELETED
                self.entries.append(Entry(kind, path, self._known.files[path]))
            else:
                directory, _, name = path.rpartition("/")
                self.later.append((directory + "/", name))

    # Hashing

    def bytes_to_hash(self):
        return sum(file.size for _, _, file, _ in self._candidates)

    def hash(self, deadline, limit=MAX_HASHED):
        """Hashes what differs and says what it is. Raises Late with the rest still to be done; after
        give_up() the rest is named without a hash."""
        new = _hasher(self.bytes_to_hash())
        done = {}
        while self._candidates:
            if time.monotonic() > deadline:
                raise Late
            before, path, file, old = self._candidates.pop()
            if file.size <= limit:
                limit -= file.size
                if file.inode not in done:
                    done[file.inode] = _hash(path, file, new, deadline)
                file.sha256 = done[file.inode]
            self._judge(before, path, file, old)

    def give_up(self):
        """Names what is left without its hash: the time is over."""
        while self._candidates:
            self._judge(*self._candidates.pop())

    def _judge(self, before, path, file, old):
        if old is None:
            kind = CREATED if self._known.whole else MODIFIED
        elif old.sha256 is not None and old.sha256 == file.sha256:
            if old.changed == file.changed and old.inode == file.inode:
                return
            kind = SAME
        else:
            kind = MODIFIED
        if before and kind != SAME:
            kind = kind.lower()
        self.entries.append(Entry(kind, path, file))


def _time_of_directory(path, times):
    """When the nearest directory that still stands was last changed."""
    found = times.get(path)
    if found is None:
        try:
            fd = open_directory(path + "/")
            try:
                found = os.fstat(fd).st_ctime_ns
            finally:
                os.close(fd)
        except OSError:
            # The roots themselves are mounts and stay.
            found = 0 if path in ROOTS else _time_of_directory(os.path.dirname(path), times)
        times[path] = found
    return found


def _hasher(total):
    if total <= _SMALL:
        for name in ("_sha256", "_sha2"):
            try:
                return __import__(name).sha256
            except ImportError:
                continue  # it goes by the other name since Python 3.12
    import hashlib

    return hashlib.sha256


def _hash(path, file, new, deadline):
    """The hash of the content, or None when it cannot be read or is being changed."""
    if file.size == 0:
        return new().hexdigest().encode()
    try:
        fd = open_beneath(path, _FILE)
    except OSError:
        return None
    try:
        if not _is(fd, file):
            return None
        digest, left = new(), file.size
        while left:
            chunk = os.read(fd, min(left, _CHUNK))
            if not chunk:
                return None
            digest.update(chunk)
            left -= len(chunk)
            if time.monotonic() > deadline + _GRACE_SECONDS:
                return None
        return digest.hexdigest().encode() if _is(fd, file) else None
    except OSError:
        return None
    finally:
        os.close(fd)


# One file is not given up in its middle for the sake of a moment.
_GRACE_SECONDS = 1.0


def _is(fd, file):
    status = os.fstat(fd)
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_ino == file.inode
        and status.st_ctime_ns == file.changed
        and status.st_size == file.size
    )


def open_directory(prefix):
    """Opens a directory of the workspace; its path has a slash at its end."""
    path = prefix[:-1]
    return os.open(path, _DIRECTORY) if path in ROOTS else open_beneath(path, _DIRECTORY)


def _depth(prefix):
    """As counted from a root, which is 1."""
    root = next(one for one in ROOTS if prefix.startswith(one + "/"))
    return prefix.count("/", len(root))


def open_beneath(path, flags):
    """Opens what a scan found, with no link on the way."""
    root = next(one for one in ROOTS if path.startswith(one + "/"))
    fd = os.open(root, _DIRECTORY)
    names = path[len(root) + 1 :].split("/")
    for i, name in enumerate(names):
        try:
            inner = os.open(name, flags if i == len(names) - 1 else _DIRECTORY, dir_fd=fd)
        finally:
            os.close(fd)
        fd = inner
    return fd


# Paths are bytes, and text everywhere but here. One that is no UTF-8 is written with a backslash at
# its front, where others have a slash, \xNN for the bytes that are none and \\ for a backslash.


def text_of(path):
    raw = os.fsencode(path)
    try:
        raw.decode("utf-8")
        return raw
    except UnicodeDecodeError:
        return b"\\" + raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace").encode()


def path_of(text):
    if not text.startswith(b"\\"):
        return os.fsdecode(text)
    pieces = text[1:].split(b"\\\\")
    return os.fsdecode(b"\\".join(_unescape(piece) for piece in pieces))


def _unescape(piece):
    first, *rest = piece.split(b"\\x")
    return first + b"".join(bytes([int(one[:2], 16)]) + one[2:] for one in rest)


def stamp(file):
    """What a file is recognized by; the engine's numbers have 63 bits, some file systems' 64."""
    return b"%d:%d" % (file.inode & 0x7FFFFFFFFFFFFFFF, file.changed)


def within(path):
    return path.startswith(tuple(root + "/" for root in ROOTS))
