"""Copies whole workspaces, each in a child process of the keeper: for a new container, and to and
from directories outside."""

import json
import os
import signal
import stat
import sys
import traceback

from guest import removal

from . import processes, syscalls, trees, volumes, workspaces

# Where the parts of a workspace are seen by its code, for messages.
_SHOWN = {
    "tmp": b"/tmp",
    "home": b"/home/user",
    "files/input": b"/files/input",
    "files/output": b"/files/output",
    "skills": b"/skills",
    "state": b"saved variables",
}

_MAX_RESULT = 1 << 20

# In a directory outside: the limit of the workspace's own file system, for when it is one again.
_LIMIT = "disk-limit"
_MOST_LIMIT = 1 << 50

# Where volumes are seen by the child that copies, in a mount namespace of its own.
_STAGE = "/mnt"


class Place:
    """One end of a copy: the workspace of a container, or a directory by its absolute path."""

    def __init__(self, places, name):
        self._places = places
        self.container = None if name.startswith("/") else name
        if self.container is None:
            self.path = name
        else:
            self.path = places.path(name)

    def is_there(self):
        return os.path.isdir(self.path)

    def owner(self):
        """The host's id of the cells whose files lie there."""
        return self._places.owner(self.path)

    def volume(self):
        """The file of its own file system; None when it has none."""
        return self._places.volume(self.path)

    def limit(self):
        """Bytes for which its own file system is made; None when it has none."""
        if self.container is not None:
            return self._places.limit(self.path)
        try:
            with open(os.path.join(self.path, _LIMIT)) as file:
                limit = int(file.read(20))
        except (FileNotFoundError, ValueError):
            return None
        return limit if 0 < limit <= _MOST_LIMIT else None

    def begin(self, owner, limit):
        """Makes the directory that is copied into."""
        if self.container is not None:
            return self._places.begin(owner, limit)
        os.mkdir(self.path, 0o700)
        if limit is not None:
            with open(os.path.join(self.path, _LIMIT), "w") as file:
                file.write("%d\n" % limit)
        return self.path

    def end(self, fresh):
        if self.container is not None:
            self._places.place(fresh, self.container)

    def give_up(self, fresh):
        """A directory outside is its owner's to remove."""
        if self.container is not None:
            self._places.give_up(fresh)


class Copy:
    """One copy that is under way. Calls done(fields) once: those of the reply.

    guest: process 1 of the sandbox around the source, whose other processes stand still
    meanwhile; None when there is none."""

    def __init__(self, loop, source, target, owners, new_owner, guest, done):
        self.source = source
        self.target = target
        self._loop = loop
        self._guest = guest
        self._done = done
        self._text = b""
        self._aborted = False
        self._fresh = target.begin(new_owner, source.limit())
        keeper = os.getpid()
        self._read, write = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            _child(keeper, write, lambda: _copy(source, self._fresh, owners, guest, target))
        os.close(write)
        self._process = os.pidfd_open(pid)
        loop.watch(self._read, self._readable)

    def abort(self):
        """Ends it; what there is of the copy is taken away."""
        self._aborted = True
        try:
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def _readable(self):
        data = os.read(self._read, 1 << 16)
        if data:
            self._text = (self._text + data)[:_MAX_RESULT]
            return
        self._loop.forget(self._read)
        os.close(self._read)
        os.close(self._process)
        if self._guest is not None:
            # The child does so itself, unless it was killed.
            processes.go_on_below(self._guest)
        self._done(self._finish())

    def _finish(self):
        try:
            fields = json.loads(self._text)
        except ValueError:
            fields = {"error": "the copy was ended"}
        if self._aborted:
            fields = {"error": "the copy was ended"}
        try:
            if "error" not in fields:
                self.target.end(self._fresh)
                return fields
        except (workspaces.Refused, OSError) as problem:
            fields = {"error": str(problem)}
        self.target.give_up(self._fresh)
        return fields


def _child(keeper, write, work):
    """Does the work and writes its result; never returns."""
    try:
        syscalls.die_with(keeper)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for name in os.listdir("/proc/self/fd"):
            # Other connections must not stay open because we have them.
            if int(name) > 2 and int(name) != write:
                try:
                    os.close(int(name))
                except OSError:
                    pass  # the listing's own
        text = json.dumps(work()).encode()
        while text:
            text = text[os.write(write, text) :]
    except BaseException:
        traceback.print_exc(file=sys.stderr)
        sys.stderr.flush()
    finally:
        os._exit(0)


def _copy(source, fresh, owners, guest, target):
    copy = None
    try:
        from_path, fresh = _mounted(source, fresh)
        if guest is not None:
            processes.stop_below(guest)
        try:
            os.makedirs(os.path.join(fresh, "files"), mode=0o755, exist_ok=True)
            links = os.path.join(fresh, workspaces.LINKS)
            os.mkdir(links, 0o700)
            opened = _open(links)
            copy = trees.TreeCopy(owners, opened)
            for part in workspaces.OWNED:
                _copy_part(copy, from_path, fresh, part)
            removal.empty(opened)
            os.rmdir(links)
        finally:
            if guest is not None:
                processes.go_on_below(guest)
        if target.container is None:
            syscalls.sync_file_system(_open(fresh))
    except (OSError, trees.Changed, processes.Restless) as problem:
        where = copy.place + ": " if copy is not None and copy.place else ""
        said = problem.strerror if isinstance(problem, OSError) else str(problem)
        return {"error": where + (said or str(problem)), "errno": getattr(problem, "errno", 0)}
    return {
        "files": copy.files,
        "bytes": copy.bytes,
        "cloned": copy.cloned,
        "skipped": copy.skipped,
        "skipped_count": copy.skipped_count,
    }


def _mounted(source, fresh):
    """Paths of the source's files and of the target's, with their volumes mounted where nobody else
    sees them. What lies outside is reached through descriptors: the mounts may hide it."""
    images = [source.volume(), workspaces.Workspaces.volume(fresh)]
    if images == [None, None]:
        return source.path, fresh
    devices = [None if image is None else volumes.attach(image) for image in images]
    opened = [_open(source.path), _open(fresh)]
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("caisson", _STAGE, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "mode=0700,size=1m")
    paths = []
    for name, device, directory in zip(("source", "target"), devices, opened):
        path = "/proc/self/fd/%d/." % directory
        if device is not None:
            path = os.path.join(_STAGE, name)
            os.mkdir(path, 0o700)
            volumes.mount(device, path)
        paths.append(path)
    return paths


def _copy_part(copy, source, fresh, part):
    above, name = os.path.split(part)
    parent = _open(os.path.join(source, above))
    try:
        if not stat.S_ISDIR(os.lstat(os.path.join(source, part)).st_mode):
            raise OSError("%s is no directory" % part)
    except FileNotFoundError:
        return  # of an earlier version, which had no such part
    copy.copy(os.fsencode(name), parent, _open(os.path.join(fresh, above)), _SHOWN[part])


def _open(directory):
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
