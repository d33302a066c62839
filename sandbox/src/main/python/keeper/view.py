"""What a sandbox sees: bubblewrap's arguments for the file system and the namespaces."""

import os

from . import machine

INTERPRETER = "/usr/bin/python3"

# No set-user-id program works inside and nothing is writable but the workspace, /dev/shm and /run,
# whose sizes stay well below any sensible memory limit: what lies in them is charged as memory and
# an out-of-memory kill does not free it.
_SHM_PART = 8
_RUN_BYTES = 8 << 20

# Of /proc what tells about the host or lets the kernel be asked for work (Docker's list and ours).
_MASKED_FILES = (
    "kcore",
    "keys",
    "key-users",
    "sched_debug",
    "timer_list",
    "timer_stats",
    "latency_stats",
    "sysrq-trigger",
    "kallsyms",
    "kmsg",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "interrupts",
    "config.gz",
)
_MASKED_DIRECTORIES = ("acpi", "asound", "bus", "driver", "fs", "irq", "scsi")

# Read-only from the host's /etc: the linker's cache and Debian's alternatives (without which numpy
# does not find its libraries), certificates, fonts' configuration, the time zone.
_FROM_ETC = (
    "ld.so.cache",
    "alternatives",
    "ssl/certs",
    "ssl/openssl.cnf",
    "ca-certificates",
    "pki",
    "fonts",
    "localtime",
    "timezone",
    "mime.types",
    "matplotlibrc",
)

_ETC_FILES = {
    "passwd": "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n"
    "user:x:1000:1000::/home/user:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost caisson\n::1 localhost\n",
    "hostname": "caisson\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "resolv.conf": "",
}

# In a rootless sandbox guest and cells share one user; nothing there is user 0.
_ROOTFS_SKIPPED = {
    "proc",
    "dev",
    "sys",
    "tmp",
    "home",
    "files",
    "skills",
    "run",
    "opt",
    "lost+found",
    "root",
}

_CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_KILL")


def make_etc(directory):
    """Writes a small /etc that all layer images share; returns what the host's is to show in it."""
    os.makedirs(directory, exist_ok=True)
    for name, text in _ETC_FILES.items():
        with open(os.path.join(directory, name), "w") as file:
            file.write(text)
    shown = []
    for name in _FROM_ETC:
        source = os.path.realpath(os.path.join("/etc", name))
        place = os.path.join(directory, name)
        if os.path.isdir(source):
            os.makedirs(place, exist_ok=True)
        elif os.path.isfile(source):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            open(place, "a").close()
        else:
            continue
        shown.append((source, name))
    return shown


class View:
    """Bubblewrap's arguments for one sandbox. places: where the parts lie, as bubblewrap sees them:
    tmp, home, files, skills, state, code, etc, proc, image."""

    def __init__(self, places, shown_etc, image, memory, separate):
        self._places = places
        self._shown_etc = shown_etc
        self._image = image
        self._memory = memory
        self._separate = separate

    def arguments(self, environment):
        arguments = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
        arguments += ["--unshare-cgroup-try", "--hostname", "caisson"]
        arguments += ["--as-pid-1", "--new-session", "--die-with-parent", "--clearenv"]
        if not self._separate:
            arguments += ["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
        arguments += ["--cap-drop", "ALL"]
        if self._separate:
            for capability in _CAPABILITIES:
                arguments += ["--cap-add", capability]
        if self._image["kind"] == "LAYER":
            arguments += self._layer()
        else:
            arguments += self._rootfs()
        arguments += self._kernel()
        arguments += self._workspace()
        arguments += _parents("/opt/caisson", "/")
        arguments += ["--ro-bind", self._places["code"], "/opt/caisson"]
        arguments += ["--bind", self._places["state"], "/opt/caisson-state"]
        arguments += ["--remount-ro", "/", "--chdir", "/"]
        for name, value in environment.items():
            arguments += ["--setenv", name, value]
        return arguments

    def _layer(self):
        arguments = ["--ro-bind", "/usr", "/usr", "--tmpfs", "/usr/local"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            if os.path.islink("/" + name):
                arguments += ["--symlink", os.readlink("/" + name), "/" + name]
            elif os.path.isdir("/" + name):
                arguments += ["--ro-bind", "/" + name, "/" + name]
        if self._image.get("siteDirectory"):
            site = self._image["siteDirectory"]
            arguments += _parents(site, "/usr/local")
            arguments += ["--ro-bind", self._places["image"], site]
        arguments += ["--remount-ro", "/usr/local", "--ro-bind", self._places["etc"], "/etc"]
        for source, name in self._shown_etc:
            arguments += ["--ro-bind", source, "/etc/" + name]
        return arguments

    def _rootfs(self):
        arguments = []
        top = self._places["image"]
        for name in sorted(os.listdir(top)):
            if name in _ROOTFS_SKIPPED:
                continue
            path = os.path.join(top, name)
            if os.path.islink(path):
                arguments += ["--symlink", os.readlink(path), "/" + name]
            else:
                arguments += ["--ro-bind", path, "/" + name]
        for name in ("passwd", "group", "hosts"):
            if os.path.isfile(os.path.join(top, "etc", name)):
                source = os.path.join(self._places["etc"], name)
                arguments += ["--ro-bind", source, "/etc/" + name]
        return arguments

    def _kernel(self):
        arguments = ["--proc", "/proc"]
        for name in _MASKED_FILES:
            if os.path.exists("/proc/" + name):
                arguments += ["--ro-bind", "/dev/null", "/proc/" + name]
        for name in machine.FILES:
            arguments += ["--ro-bind", os.path.join(self._places["proc"], name), "/proc/" + name]
        for name in _MASKED_DIRECTORIES:
            if os.path.isdir("/proc/" + name):
                arguments += ["--tmpfs", "/proc/" + name, "--remount-ro", "/proc/" + name]
        shm = max(self._memory // _SHM_PART, 1 << 20)
        arguments += ["--dev", "/dev"]
        arguments += ["--perms", "1777", "--size", str(shm), "--tmpfs", "/dev/shm"]
        arguments += ["--remount-ro", "/dev"]
        arguments += ["--size", str(_RUN_BYTES), "--tmpfs", "/run"]
        return arguments

    def _workspace(self):
        arguments = ["--bind", self._places["tmp"], "/tmp"] + _parents("/home/user", "/")
        arguments += ["--bind", self._places["home"], "/home/user"]
        arguments += ["--bind", self._places["files"], "/files"]
        arguments += ["--bind", self._places["skills"], "/skills"]
        return arguments


def _parents(path, top):
    """Directories between the two that everybody may enter; bubblewrap's own are for user 0."""
    names = os.path.relpath(os.path.dirname(path), top).split("/")
    arguments = []
    for count in range(1, len(names) + 1):
        directory = os.path.join(top, *names[:count])
        arguments += ["--perms", "0755", "--dir", directory]
    return arguments


def environment(image, cpus):
    """What every cell finds in its environment."""
    threads = str(max(1, int(cpus)))
    return {
        "PATH": "/home/user/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": "/home/user",
        "USER": "user",
        "LOGNAME": "user",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TMPDIR": "/tmp",
        "INPUT_DIR": "/files/input",
        # There is no display; pictures go to files.
        "MPLBACKEND": "Agg",
        # Libraries count the host's processors, the container has fewer.
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "NUMEXPR_MAX_THREADS": threads,
        "ARROW_NUM_THREADS": threads,
    }
