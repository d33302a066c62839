"""One control group per container: memory, CPU time, processes. Version 2 where the host has it,
version 1 otherwise, none where this process may make none; what is missing is named."""

import errno
import hashlib
import os

CONTROLLERS = ("memory", "cpu", "pids")
_PERIOD_MICROS = 100000

# Processes beyond those of cells, which the guest holds to their number: bubblewrap, the guest, and
# its children that serve files while a cell has taken all that it may have.
_SPARE_PROCESSES = 32


class Absent:
    """No groups can be made here."""

    version = 0

    def __init__(self, reason):
        self.reason = reason

    def create(self, name, limits):
        return None

    def sweep(self):
        pass

    def close(self):
        pass


def find(data):
    """What this process can use, named after the data directory so that two do not meet."""
    name = "caisson-" + hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    mounts = _mounts()
    if any(kind == "cgroup" and _controllers(options) for _, kind, options, _ in mounts):
        return _first_version(mounts, name)
    unified = [point for point, kind, _, _ in mounts if kind == "cgroup2"]
    if not unified:
        return Absent("no cgroup file system is mounted")
    return _second_version(unified[0], name)


class Group:
    """The group of one container."""

    def __init__(self, directories, files):
        self._directories = directories
        self._files = files

    def join(self):
        """Moves the calling process in."""
        for directory in self._directories:
            _write(directory + "/cgroup.procs", "0")

    def meter(self, name):
        """A descriptor for reading what was counted: cpu or oom."""
        return os.open(self._files[name], os.O_RDONLY | os.O_CLOEXEC)

    def usage(self):
        """The most memory that was used at once, in bytes, and how many processes were ended for want
        of it; 0 where nobody counts."""
        return {
            "peak_memory": _number(self._files["peak"]),
            "oom_kills": _number(self._files["oom"], "oom_kill "),
        }

    def processes(self):
        found = set()
        for directory in self._directories:
            try:
                with open(directory + "/cgroup.procs") as file:
                    found.update(int(line) for line in file)
            except OSError:
                pass
        return found

    def remove(self):
        """Whether it is gone; not while a process is still on its way out."""
        gone = True
        for directory in self._directories:
            try:
                os.rmdir(directory)
            except FileNotFoundError:
                pass
            except OSError:
                gone = False
        return gone


class Version1:
    """Controllers in hierarchies of their own; bases maps each to this keeper's directory in it."""

    version = 1
    reason = ""

    def __init__(self, bases):
        self._bases = bases

    def create(self, name, limits):
        memory, cpu, pids = (self._bases[c] + "/" + name for c in CONTROLLERS)
        accounting = self._bases["cpuacct"] + "/" + name
        directories = list(dict.fromkeys((memory, cpu, pids, accounting)))
        group = Group(
            directories,
            {
                "cpu": accounting + "/cpuacct.usage",
                "oom": memory + "/memory.oom_control",
                "peak": memory + "/memory.max_usage_in_bytes",
            },
        )
        for directory in directories:
            _make(directory)
        _write(memory + "/memory.limit_in_bytes", limits["memory"])
        swap = memory + "/memory.memsw.limit_in_bytes"
        if os.path.exists(swap):
            _write(swap, limits["memory"])
        _write(cpu + "/cpu.cfs_period_us", _PERIOD_MICROS)
        _write(cpu + "/cpu.cfs_quota_us", int(limits["cpus"] * _PERIOD_MICROS))
        _write(pids + "/pids.max", limits["processes"] + _SPARE_PROCESSES)
        return group

    def sweep(self):
        """Removes groups that a keeper before this one left."""
        for base in self._bases.values():
            _remove_children(base)

    def close(self):
        for base in self._bases.values():
            _remove(base)


class Version2:
    """One hierarchy; base is this keeper's directory in it, with the controllers handed down."""

    version = 2
    reason = ""

    def __init__(self, base):
        self._base = base

    def create(self, name, limits):
        directory = self._base + "/" + name
        group = Group(
            [directory],
            {
                "cpu": directory + "/cpu.stat",
                "oom": directory + "/memory.events",
                "peak": directory + "/memory.peak",  # since Linux 5.19
            },
        )
        _make(directory)
        _write(directory + "/memory.max", limits["memory"])
        swap = directory + "/memory.swap.max"
        if os.path.exists(swap):
            _write(swap, 0)
        _write(
            directory + "/cpu.max", "%d %d" % (limits["cpus"] * _PERIOD_MICROS, _PERIOD_MICROS)
        )
        _write(directory + "/pids.max", limits["processes"] + _SPARE_PROCESSES)
        return group

    def sweep(self):
        _remove_children(self._base)

    def close(self):
        _remove(self._base)


def _first_version(mounts, name):
    own = _own_groups()
    bases = {}
    for controller in CONTROLLERS + ("cpuacct",):
        for point, kind, options, root in mounts:
            if kind == "cgroup" and controller in _controllers(options):
                bases[controller] = _below(point, root, own.get(controller, "/")) + "/" + name
                break
        else:
            return Absent("the %s controller is not mounted" % controller)
    try:
        for base in bases.values():
            _make(base)
    except OSError as problem:
        return Absent("%s: %s" % (problem.filename, problem.strerror))
    return Version1(bases)


def _second_version(point, name):
    own = point + _own_groups().get("", "/").rstrip("/")
    problems = []
    for parent in dict.fromkeys((own, point)):
        try:
            _hand_down(parent)
            base = parent + "/" + name
            _make(base)
            _write(base + "/cgroup.subtree_control", " ".join("+" + c for c in CONTROLLERS))
            return Version2(base)
        except OSError as problem:
            problems.append("%s: %s" % (problem.filename or parent, problem.strerror))
    return Absent("; ".join(problems))


def _hand_down(parent):
    """Lets children of the group have the controllers. A group with processes of its own cannot
    (cgroups(7), "no internal processes"); where systemd delegated it to us, they move to a leaf."""
    control = parent + "/cgroup.subtree_control"
    with open(control) as file:
        if set(CONTROLLERS) <= set(file.read().split()):
            return
    wanted = " ".join("+" + c for c in CONTROLLERS)
    try:
        _write(control, wanted)
    except OSError as problem:
        if problem.errno != errno.EBUSY or not _delegated(parent):
            raise
        leaf = parent + "/caisson-host"
        _make(leaf)
        with open(parent + "/cgroup.procs") as file:
            for pid in file.read().split():
                _write(leaf + "/cgroup.procs", pid)
        _write(control, wanted)


def _delegated(directory):
    for name in ("user.delegate", "trusted.delegate"):
        try:
            if os.getxattr(directory, name) == b"1":
                return True
        except OSError:
            pass
    return False


def _mounts():
    """(mount point, type, super options, root) of every mount, see proc(5) mountinfo."""
    found = []
    with open("/proc/self/mountinfo") as file:
        for line in file:
            left, _, right = line.partition(" - ")
            fields, rest = left.split(), right.split()
            found.append((fields[4], rest[0], rest[2] if len(rest) > 2 else "", fields[3]))
    return found


def _controllers(options):
    return set(options.split(",")) & set(CONTROLLERS + ("cpuacct",))


def _own_groups():
    """Controller to path; version 2's is under the empty name."""
    found = {}
    with open("/proc/self/cgroup") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            for controller in controllers.split(","):
                found[controller] = path
    return found


def _below(point, root, path):
    """Where a group's directory is, when the mount shows the hierarchy from root on."""
    if root != "/" and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    elif root != "/":
        path = ""
    return point + path.rstrip("/")


def _make(directory):
    try:
        os.mkdir(directory)
    except FileExistsError:
        pass


def _remove_children(base):
    for name in os.listdir(base):
        if os.path.isdir(base + "/" + name):
            _remove(base + "/" + name)


def _remove(directory):
    try:
        os.rmdir(directory)
    except OSError:
        pass  # busy or gone; swept by the next keeper


def _number(path, name=""):
    """The number in a file, in the line that starts with the name; 0 when there is none."""
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(name):
                    return int(line[len(name) :])
    except (OSError, ValueError):
        pass
    return 0


def _write(path, value):
    with open(path, "w") as file:
        file.write(str(value))
