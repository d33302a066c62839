"""Tries to get out of a sandbox, from the place of a cell. Prints one line for each wall:
name, "holds" or "open", and what was seen, with tabs between."""

import ctypes
import errno
import os
import socket

libc = ctypes.CDLL(None, use_errno=True)


def report(name, holds, seen):
    print(name, "holds" if holds else "open", str(seen).replace("\t", " ").replace("\n", " "), sep="\t")


def status():
    with open("/proc/self/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def refused(call, *arguments):
    """Whether a call of the C library is refused, by its name or by its number."""
    ctypes.set_errno(0)
    if isinstance(call, int):
        result = libc.syscall(call, *arguments)
    else:
        result = getattr(libc, call)(*arguments)
    return result == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)


def network():
    with open("/proc/net/dev") as file:
        names = [line.split(":")[0].strip() for line in file if ":" in line]
    with open("/proc/net/route") as file:
        routes = len(file.readlines()) - 1
    reached = []
    for address in ("169.254.169.254", "1.1.1.1"):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
            attempt.settimeout(1)
            if attempt.connect_ex((address, 80)) != errno.ENETUNREACH:
                reached.append(address)
    return names == ["lo"] and routes == 0 and not reached, (
        "interfaces %s, %d routes, reached %s" % (names, routes, reached)
    )


def processes():
    seen = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    with open("/proc/1/cmdline", "rb") as file:
        first = file.read()
    ours = b"bwrap" not in first and os.getppid() == 1
    return ours and max(seen) < 1000, "processes %s" % seen


def capabilities():
    found = {name: value for name, value in status().items() if name.startswith("Cap")}
    return all(int(value, 16) == 0 for value in found.values()), found


def privileges():
    return status()["NoNewPrivs"] == "1", "NoNewPrivs %s" % status()["NoNewPrivs"]


def user():
    with open("/proc/self/uid_map") as file:
        maps = [line.split() for line in file]
    outside = [int(entry[1]) for entry in maps if int(entry[0]) == os.getuid()]
    groups = os.getgroups()
    # Without root the map shows an id of bubblewrap's own namespace, not of the host.
    rootless = bool(os.environ["CAISSON_TRIAL_ROOTLESS"])
    own = rootless or min(outside) >= 0x70000000
    seen = " inside a user namespace of the user who runs Caisson" if rootless else (
        ", outside %s" % outside
    )
    return os.getuid() == 1000 and own and 0 not in groups, (
        "user %d%s, groups %s" % (os.getuid(), seen, groups)
    )


def system_calls():
    attempts = {
        "unshare": ("unshare", 0x10000000),
        "mount": ("mount", b"none", b"/tmp", b"tmpfs", 0, None),
        "ptrace": ("ptrace", 16, 1, 0, 0),
        "setns": ("setns", -1, 0),
        "process_vm_readv": ("process_vm_readv", 1, None, 0, None, 0, 0),
        "personality": ("personality", 0x0040000),
        "io_uring_setup": (425, 1, None),
        "open_tree": (428, -100, b"/", 0),
        "x32 getpid": (0x40000000 | 39,),
        "clone3": (435, None, 0),
        "pidfd_getfd": (438, -1, 0, 0),
        "TIOCSTI": ("ioctl", 0, 0x5412, b"x"),
        "F_SETLEASE": ("fcntl", 0, 1024, 0),
        "socket(AF_NETLINK)": ("socket", 16, 3, 0),
        "socket(AF_VSOCK)": ("socket", 40, 1, 0),
        "socket(AF_ALG)": ("socket", 38, 5, 0),
    }
    allowed = [name for name, call in attempts.items() if not refused(*call)]
    mode = status()["Seccomp"]
    return mode == "2" and not allowed, "mode %s, tried %s; allowed %s" % (
        mode, ", ".join(attempts), allowed,
    )


def unix_sockets():
    """The server's own, too: a datagram pair is allowed and can be turned to any name in sight."""
    opened = [] if refused("socket", 1, 1, 0) and refused("socket", 1, 2, 0) else ["socket(AF_UNIX)"]
    names = [os.environ["CAISSON_TRIAL_SOCKET"], "/run/dbus/system_bus_socket", "\0caisson"]
    for name in names:
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            pair[0].connect(name)
            opened.append(name)
        except OSError:
            pass
    return not opened, "socket(AF_UNIX), a pair turned to the keeper's; opened %s" % opened


def image():
    written = []
    for directory in ("/", "/usr", "/usr/local", "/etc", "/opt", "/opt/caisson", "/dev", "/proc"):
        try:
            with open(os.path.join(directory, "caisson-trial"), "w"):
                written.append(directory)
        except OSError:
            pass
    with open("/proc/self/mounts") as file:
        loose = [line.split()[1] for line in file if "nosuid" not in line.split()[3].split(",")]
    return not written and not loose, "written in %s, without nosuid %s" % (written, loose)


def host_files():
    seen = [path for path in ("/sys", "/root", "/var", "/boot", "/etc/shadow", "/etc/machine-id",
                              "/run/systemd", "/var/run/docker.sock", "/proc/1/root/etc")
            if os.path.exists(path)]
    return not seen, "found %s" % seen


def guest():
    opened = []
    for name in ("fd", "mem", "environ", "maps", "root", "cwd"):
        try:
            path = "/proc/1/" + name
            if name in ("fd",):
                os.listdir(path)
            elif name in ("root", "cwd"):
                os.readlink(path)
            else:
                with open(path, "rb") as file:
                    file.read(1)
            opened.append(name)
        except OSError:
            pass
    return not opened, "of process 1 could be opened: %s" % opened


def descriptors():
    own = []
    for name in os.listdir("/proc/self/fd"):
        try:
            own.append("%s -> %s" % (name, os.readlink("/proc/self/fd/" + name)))
        except OSError:
            pass  # the listing's own
    strange = [entry for entry in own if int(entry.split()[0]) > 2]
    return not strange, "besides the three standard ones: %s" % strange


def limits():
    import resource

    core = resource.getrlimit(resource.RLIMIT_CORE)[1]
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    size = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    with open("/proc/sys/kernel/core_pattern") as file:
        piped = file.read(1) == "|"
    # Of 0 bytes a program of the host is still handed the whole of it, see core(5).
    none = core == 1 or core == 0 and not piped
    return none and 0 < files <= 1024 and size != resource.RLIM_INFINITY, (
        "core %d, open files %d, file size %d" % (core, files, size)
    )


for name, trial in (
    ("network", network),
    ("processes", processes),
    ("capabilities", capabilities),
    ("no-new-privileges", privileges),
    ("user", user),
    ("system-calls", system_calls),
    ("unix-sockets", unix_sockets),
    ("read-only-image", image),
    ("host-files", host_files),
    ("guest", guest),
    ("descriptors", descriptors),
    ("resource-limits", limits),
):
    try:
        report(name, *trial())
    except Exception as problem:
        report(name, False, "the trial failed: %r" % problem)
