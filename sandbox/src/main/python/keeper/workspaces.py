"""The directories of containers: made, handed out, deleted. Nothing here follows a path that a
container's code could have made."""

import fcntl
import os
import re
import secrets
import signal
import sys
import traceback

from guest import removal

from . import volumes

# Far above what systems hand to users (systemd's ranges end below it), far below 2^31, where old
# programs lose count. Each container has two ids: the guest's and, one higher, its cells'.
FIRST_ID = 0x70000000
_START_SPREAD = 1 << 26
_BLOCK = 64

# Pairs between the first id and 2^31.
_NUMBERS = (1 << 31) - FIRST_ID >> 1

_FORM = re.compile(r"container_[0-9A-Za-z]{1,64}\Z")
_TRASH = ".trash"

# What is being made and has no name yet; what lies there when a keeper starts is nobody's.
_FRESH = ".fresh"

# What a container's code owns, below its directory.
OWNED = ("tmp", "home", "files/input", "files/output", "skills", "state")

# In place of them, beside the file system that the workspace has for itself: two numbers, its cells'
# user and the bytes for whose files it was made.
_VOLUME_FACTS = "volume-facts"

# Beside them while a workspace is copied: one name for each file that has several.
LINKS = ".links"

# Those that workspaces of earlier versions do not have.
_LATER = ("skills", "state")


class Refused(Exception):
    """Cannot be done; the message goes to the engine."""


class Workspaces:
    """directory: absolute; only root or the one user that runs the keeper can look into it.

    makes: a Volumes, when new workspaces get file systems of their own; None when they are plain
    directories. Both kinds live side by side."""

    def __init__(self, directory, separate):
        self.directory = directory
        self.makes = None
        self._separate = separate
        self._ids = Ids(directory) if separate else None
        self._tried = set()  # in the trash, and not to be tried again before the next discard
        os.makedirs(directory, mode=0o700, exist_ok=True)
        for name in (_TRASH, _FRESH):
            os.makedirs(os.path.join(directory, name), mode=0o700, exist_ok=True)
        for name in os.listdir(os.path.join(directory, _FRESH)):
            self.give_up(os.path.join(directory, _FRESH, name))

    def path(self, container):
        if not _FORM.match(container):
            raise Refused("not a container id: %r" % container)
        return os.path.join(self.directory, container)

    def prepare(self, container, limit):
        """Sees to it that there is a workspace, made for so many bytes of files if there was none.
        Returns the host's id of the container's cells."""
        path = self.path(container)
        if not os.path.lexists(path):
            return self._make(path, limit)
        owner = self.owner(path)
        if self._separate and owner < FIRST_ID or not self._separate and owner != os.getuid():
            raise Refused(
                "the workspace of %s belongs to user %d of this host: run Caisson as that user"
                % (container, owner)
            )
        if self.volume(path) is None:
            for name in _LATER:
                if not os.path.lexists(os.path.join(path, name)):
                    give(path, name, owner, self._separate)
        return owner

    @staticmethod
    def owner(path):
        """The host's id of the cells whose files lie there."""
        facts = _volume_facts(path)
        return os.lstat(os.path.join(path, "home")).st_uid if facts is None else facts[0]

    @staticmethod
    def limit(path):
        """The bytes for whose files its own file system was made; None when it has none."""
        facts = _volume_facts(path)
        return None if facts is None else facts[1]

    @staticmethod
    def volume(path):
        """The file of the workspace's own file system; None when it has none."""
        image = os.path.join(path, volumes.IMAGE)
        return image if os.path.lexists(image) else None

    def _make(self, path, limit):
        owner = self.new_owner()
        fresh = self.begin(owner, limit)
        if self.makes is None:
            os.mkdir(os.path.join(fresh, "files"), 0o755)
            for name in OWNED:
                give(fresh, name, owner, self._separate)
        os.rename(fresh, path)
        return owner

    def new_owner(self):
        """The host's id for the cells of a new workspace."""
        return self._ids.next() if self._separate else os.getuid()

    def begin(self, owner, limit):
        """A directory for a workspace, empty or with the volume for it. Made beside and given its
        name by a rename: a half-made workspace is never found under a container's name."""
        fresh = os.path.join(self.directory, _FRESH, secrets.token_hex(8))
        os.mkdir(fresh, 0o700)
        if self.makes is not None and limit is not None:
            with open(os.path.join(fresh, _VOLUME_FACTS), "w") as file:
                file.write("%d %d\n" % (owner, limit))
            self.makes.make(os.path.join(fresh, volumes.IMAGE), limit)
        return fresh

    def place(self, fresh, container):
        """Makes it the container's, who has none."""
        if self.exists(container):
            raise Refused("%s has a workspace already" % container)
        os.rename(fresh, self.path(container))

    def exists(self, container):
        return os.path.lexists(self.path(container))

    def give_up(self, fresh):
        """Takes away what will not become a workspace."""
        self._throw_away(fresh)

    def names(self):
        return sorted(name for name in os.listdir(self.directory) if _FORM.match(name))

    def discard(self, container):
        """Takes the workspace away at once; empty_trash() frees its space."""
        try:
            self._throw_away(self.path(container))
        except FileNotFoundError:
            return False
        return True

    def _throw_away(self, path):
        name = os.path.basename(path) + "." + secrets.token_hex(4)
        os.rename(path, os.path.join(self.directory, _TRASH, name))
        self._tried.clear()

    def empty_trash(self):
        """Starts removing what was discarded, in a child; returns its pid, or None when there is
        nothing to do: what a child could not remove waits for the next discard or keeper."""
        trash = os.path.join(self.directory, _TRASH)
        found = set(os.listdir(trash))
        names = found - self._tried
        if not names:
            return None
        pid = os.fork()
        if pid:
            self._tried = found
            return pid
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.closerange(3, 4096)
            for name in names:
                try:
                    self._remove(os.path.join(trash, name))
                except OSError:
                    traceback.print_exc(file=sys.stderr)
        except BaseException:
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(0)

    def _remove(self, path):
        """Removes one discarded workspace. What is owned by the container is emptied with the
        container's own id: whatever its code prepared, only its own files are in reach."""
        for name in (volumes.IMAGE, _VOLUME_FACTS):
            try:
                os.unlink(os.path.join(path, name))
            except FileNotFoundError:
                pass
        for name in OWNED:
            try:
                if not self._separate:
                    # Its code may have closed it to its own user, which is ours. The entry itself
                    # is not in its reach: it lies in a directory that no sandbox shows.
                    os.chmod(os.path.join(path, name), 0o700)
                directory = os.open(
                    os.path.join(path, name), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                )
            except FileNotFoundError:
                continue
            owner = os.fstat(directory).st_uid
            try:
                if self._separate:
                    _in_child(owner, directory)
                else:
                    removal.empty(directory)
            finally:
                os.close(directory)
            os.rmdir(os.path.join(path, name))
        self._remove_links(path)
        for name in ("files", ""):
            try:
                os.rmdir(os.path.join(path, name))
            except FileNotFoundError:
                pass


    @staticmethod
    def _remove_links(path):
        """What a copy that did not end has left, in a directory that no code of containers reaches."""
        parent = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            removal.remove(os.fsencode(LINKS), parent)
        except FileNotFoundError:
            pass
        finally:
            os.close(parent)


def _volume_facts(path):
    try:
        with open(os.path.join(path, _VOLUME_FACTS)) as file:
            owner, limit = file.read(64).split()
        return int(owner), int(limit)
    except FileNotFoundError:
        return None


def give(workspace, name, owner, separate):
    """Makes a directory of the container's own."""
    directory = os.path.join(workspace, name)
    os.mkdir(directory)
    if separate:
        os.chown(directory, owner, owner)
    os.chmod(directory, 0o1777 if name == "tmp" else 0o755)


def fill(mounted, owner):
    """Makes the parts of a workspace that a fresh volume lacks. No code of the container runs yet, and
    none reaches the directory that they lie in."""
    if not os.path.lexists(os.path.join(mounted, "files")):
        os.mkdir(os.path.join(mounted, "files"), 0o755)
    for name in OWNED:
        if not os.path.lexists(os.path.join(mounted, name)):
            give(mounted, name, owner, True)


def _in_child(owner, directory):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            if owner >= FIRST_ID:
                os.setgroups([])
                os.setresgid(owner, owner, owner)
                os.setresuid(owner, owner, owner)
                os.fchmod(directory, 0o700)
                removal.empty(directory)
                code = 0
        except BaseException:
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(code)
    os.waitpid(pid, 0)


class Ids:
    """Hands out pairs of host ids, none twice in the life of a data directory: a block of them is
    on disk as used before the first of it is."""

    def __init__(self, directory):
        self._directory = directory
        self._path = os.path.join(directory, ".next-id")
        self._next = 0
        self._end = 0

    def next(self):
        """The cells' id; the guest's is one lower."""
        if self._next == self._end:
            self._next = self._read()
            self._end = self._next + _BLOCK
            self._write(self._end)
        number = self._next
        self._next += 1
        return FIRST_ID + 2 * number + 1

    def _read(self):
        try:
            with open(self._path) as file:
                number = int(file.read())
            if not 0 <= number < _NUMBERS:
                raise ValueError(number)
            return number
        except (FileNotFoundError, ValueError):
            # The first time, or the file was lost or damaged: begin above all that live. The
            # random start keeps two data directories of one host from sharing ids.
            return max(self._living(), default=secrets.randbelow(_START_SPREAD)) + 1

    def _living(self):
        for name in os.listdir(self._directory):
            try:
                owner = Workspaces.owner(os.path.join(self._directory, name))
            except (OSError, ValueError):
                continue
            if owner >= FIRST_ID:
                yield (owner - FIRST_ID) // 2

    def _write(self, value):
        fresh = self._path + ".new"
        with open(fresh, "w") as file:
            file.write("%d\n" % value)
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, self._path)
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def lock(path):
    """Takes the lock on a file, or returns None when another process holds it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd
