"""The system calls that a sandbox is refused, compiled by the host's libseccomp: writing filters by
hand is how x32 and 32-bit calls get forgotten.

Everything here is refused with EPERM, so that libraries fall back, with two exceptions. clone3:
ENOSYS makes the C library use clone, whose flags a filter can see (clone3's lie in memory). And the
limit of core dumps, which seems to be set.
"""

import ctypes
import errno
import os

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_ATTRIBUTE_BAD_ARCHITECTURE = 2
_UNKNOWN = -1

_NE, _LT, _EQ, _GT, _MASKED_EQ = 1, 2, 4, 6, 7

# Docker's default profile minus what it grants for capabilities, plus what reaches other processes
# or big parts of the kernel. Numbers are for calls newer than the host's library; from 424 on they
# are the same on all architectures.
_REFUSED = {
    "mount": None,
    "umount2": None,
    "pivot_root": None,
    "chroot": None,
    "move_mount": 429,
    "open_tree": 428,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "mount_setattr": 442,
    "open_tree_attr": 467,
    "statmount": 457,
    "listmount": 458,
    "unshare": None,
    "setns": None,
    "bpf": None,
    "perf_event_open": None,
    "userfaultfd": None,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "kexec_load": None,
    "kexec_file_load": None,
    "init_module": None,
    "finit_module": None,
    "delete_module": None,
    "create_module": None,
    "query_module": None,
    "get_kernel_syms": None,
    "ptrace": None,
    "process_vm_readv": None,
    "process_vm_writev": None,
    "process_madvise": 440,
    "pidfd_getfd": 438,
    "kcmp": None,
    "keyctl": None,
    "add_key": None,
    "request_key": None,
    "open_by_handle_at": None,
    "name_to_handle_at": None,
    "fanotify_init": None,
    "acct": None,
    "swapon": None,
    "swapoff": None,
    "reboot": None,
    "quotactl": None,
    "quotactl_fd": 443,
    "nfsservctl": None,
    "lookup_dcookie": None,
    "iopl": None,
    "ioperm": None,
    "vhangup": None,
    "syslog": None,
    "settimeofday": None,
    "clock_settime": None,
    "clock_adjtime": None,
    "adjtimex": None,
    "sethostname": None,
    "setdomainname": None,
    "uselib": None,
    "ustat": None,
    "sysfs": None,
    "_sysctl": None,
    "vm86": None,
    "vm86old": None,
    "modify_ldt": None,
}

_NAMESPACE_FLAGS = (
    0x00020000,  # CLONE_NEWNS
    0x02000000,  # CLONE_NEWCGROUP
    0x04000000,  # CLONE_NEWUTS
    0x08000000,  # CLONE_NEWIPC
    0x10000000,  # CLONE_NEWUSER
    0x20000000,  # CLONE_NEWPID
    0x40000000,  # CLONE_NEWNET
    0x00000080,  # CLONE_NEWTIME
)

_AF_INET, _AF_INET6 = 2, 10
_RLIMIT_CORE = 4
_F_SETLEASE = 1024
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
# The kernel looks at the low half of these arguments only, so the filter must too.
_LOW_HALF = 0xFFFFFFFF


class Unavailable(Exception):
    """This host has no libseccomp that can be used."""


class _Comparison(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    ]


def program():
    """The filter as bytes for bubblewrap's --seccomp."""
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError as problem:
        raise Unavailable("libseccomp.so.2 cannot be loaded: %s" % problem)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_release.argtypes = (ctypes.c_void_p,)
    library.seccomp_attr_set.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Comparison),
    )
    library.seccomp_export_bpf.argtypes = (ctypes.c_void_p, ctypes.c_int)
    context = library.seccomp_init(_ALLOW)
    if not context:
        raise Unavailable("seccomp_init failed")
    try:
        return _Builder(library, context).build()
    finally:
        library.seccomp_release(context)


class _Builder:
    def __init__(self, library, context):
        self._library = library
        self._context = context

    def build(self):
        refusal = _ERRNO | errno.EPERM
        self._require(
            self._library.seccomp_attr_set(self._context, _ATTRIBUTE_BAD_ARCHITECTURE, refusal),
            "seccomp_attr_set",
        )
        for name, number in _REFUSED.items():
            self._rule(name, number=number)
        self._rule("clone3", number=435, error=errno.ENOSYS)
        for flag in _NAMESPACE_FLAGS:
            if flag != 0x80:  # in clone's flags this bit is part of the exit signal
                self._rule("clone", (0, _MASKED_EQ, flag, flag))
        for request in (_TIOCSTI, _TIOCLINUX):
            self._rule("ioctl", (1, _MASKED_EQ, _LOW_HALF, request))
        self._rule("personality", (0, _NE, 0, 0))
        # Whoever opens a file under a lease waits for its holder: rootless, the guest's code and the
        # packages of the image are files of the cells' own user, and others start from them.
        self._rule("fcntl", (1, _MASKED_EQ, _LOW_HALF, _F_SETLEASE))
        # Rootless, the guest has the cells' user, who could take its descriptors and its time away.
        self._rule("prlimit64", (0, _NE, 0, 0), (2, _NE, 0, 0))
        # No cores are made (see the keeper's limit), and a limit of 0 would allow some again. Programs
        # set just that, to be safe, and end when they cannot: it seems to succeed.
        self._rule("prlimit64", (1, _MASKED_EQ, _LOW_HALF, _RLIMIT_CORE), (2, _NE, 0, 0), error=0)
        self._rule("setrlimit", (0, _MASKED_EQ, _LOW_HALF, _RLIMIT_CORE), error=0)
        # Sockets of the empty network namespace's loopback, and nothing else: no Unix sockets of
        # the host, no netlink, no vsock. socketpair stays, asyncio and multiprocessing live on it.
        self._rule("socket", (0, _LT, _AF_INET, 0))
        for family in range(_AF_INET + 1, _AF_INET6):
            self._rule("socket", (0, _EQ, family, 0))
        self._rule("socket", (0, _GT, _AF_INET6, 0))
        return self._export()

    def _rule(self, name, *comparisons, number=None, error=errno.EPERM):
        """Refuses a call when all comparisons of its arguments are true."""
        found = self._library.seccomp_syscall_resolve_name(name.encode())
        if found == _UNKNOWN:
            if number is None:
                return  # not a call of this architecture
            found = number
        count = len(comparisons)
        array = (_Comparison * count)(*[_Comparison(*one) for one in comparisons])
        result = self._library.seccomp_rule_add_array(
            self._context, _ERRNO | error, found, count, array
        )
        # Calls that only another architecture has resolve to negative numbers and are refused here.
        if result != 0 and found >= 0:
            self._require(result, "seccomp_rule_add(%s)" % name)

    def _export(self):
        fd = os.memfd_create("seccomp", os.MFD_CLOEXEC)
        try:
            self._require(self._library.seccomp_export_bpf(self._context, fd), "seccomp_export_bpf")
            return os.pread(fd, os.fstat(fd).st_size, 0)
        finally:
            os.close(fd)

    def _require(self, result, what):
        if result != 0:
            raise Unavailable("%s: %s" % (what, os.strerror(-result)))
