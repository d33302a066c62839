"""File systems of single workspaces: each in a file of its own beside nothing else, as large as the
container's limit of disk, so that the kernel refuses what is over.

A volume is mounted in the private mount namespace of whoever uses it, a sandbox or a copy, and
nowhere else: no other sandbox sees it or keeps it from going, and it goes with them, whatever kills
them. Its loop device goes with the last use (autoclear)."""

import errno
import fcntl
import os
import stat
import struct
import subprocess
import tempfile
import time

from . import syscalls

# In the directory of a container.
IMAGE = "volume"

_LOOP_MAJOR = 7
_LOOP_CONFIGURE = 0x4C0A
_LOOP_GET_STATUS64 = 0x4C05
_LOOP_CTL_GET_FREE = 0x4C82
_LO_FLAGS_AUTOCLEAR = 4

# struct loop_info64, <linux/loop.h>: device and inode of the file come first, the flags fourteenth.
_INFO = struct.Struct("=5Q4I64s64s32s2Q")

_BLOCK = 4096
_BYTES_PER_INODE = 16384
_INODE = 256

# What ext4 holds back so that delayed allocation never fails (ext4_calculate_resv_clusters).
_MOST_RESERVED = 4096 * _BLOCK

# Offset of s_state in the superblock, and its bit for "unmounted in order", <ext4.h>.
_STATE = 1024 + 0x3A
_VALID = 1

_MAKE = (
    "mkfs.ext4", "-q", "-F", "-b", str(_BLOCK), "-i", str(_BYTES_PER_INODE), "-I", str(_INODE),
    "-m", "0", "-O", "^has_journal,^resize_inode",
    "-E", "lazy_itable_init=1,nodiscard,root_owner=0:0",
)
# Blocks of deleted files go back to the host; unused inode tables of a fresh file are zero as they are.
# Without barriers a flush ends in the host's page cache, where plain files end too.
_OPTIONS = "discard,noinit_itable,nobarrier"

_ADMIN_PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
_ATTEMPTS = 100
_BUSY_SECONDS = 5.0
_TRIAL_BYTES = 16 << 20


def size_for(limit):
    """Bytes of a file system in which files of so many bytes find room, and few more: its inodes take
    a part, its bitmaps and what the kernel holds back another."""
    tables = limit * _INODE // _BYTES_PER_INODE + limit // 1024
    size = limit + tables + min(limit // 48, _MOST_RESERVED) + (256 << 10)
    return -(-size // _BLOCK) * _BLOCK


class Unavailable(Exception):
    """This host makes no volumes; says why."""


class Volumes:
    """Makes volumes."""

    def __init__(self):
        self._templates = {}  # by size: what a fresh file system has in it

    def try_out(self, directory):
        """Makes a volume in a file without a name and mounts it; throws Unavailable when that does
        not work here."""
        try:
            fd, path = tempfile.mkstemp(dir=directory)
            try:
                os.unlink(path)
                self._write(fd, _TRIAL_BYTES)
                device = _configure(fd)
            finally:
                os.close(fd)
            try:
                _in_child(device)
            finally:
                os.close(device)
        except (OSError, subprocess.SubprocessError) as problem:
            raise Unavailable("%s" % problem) from problem

    def make(self, image, limit):
        """Writes a fresh volume to a file that does not exist yet."""
        fd = os.open(image, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            self._write(fd, limit)
        finally:
            os.close(fd)

    def _write(self, fd, limit):
        size = size_for(limit)
        if size not in self._templates:
            self._templates[size] = _template(size)
        os.ftruncate(fd, size)
        for offset, content in self._templates[size]:
            os.pwrite(fd, content, offset)


def _template(size):
    """The blocks of a fresh file system that are not zero: some hundred kilobytes."""
    fd = os.memfd_create("template")
    try:
        os.ftruncate(fd, size)
        made = subprocess.run(
            _MAKE + ("/proc/self/fd/%d" % fd,), env=_ADMIN_PATH, pass_fds=(fd,),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60,
        )
        if made.returncode != 0:
            raise OSError("mkfs.ext4: %s" % made.stderr.decode("utf-8", "replace").strip()[-200:])
        return list(_blocks(fd, size))
    finally:
        os.close(fd)


def _blocks(fd, size):
    zero = bytes(_BLOCK)
    offset = 0
    while offset < size:
        try:
            offset = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError as problem:
            if problem.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(fd, offset, os.SEEK_HOLE)
        offset -= offset % _BLOCK
        while offset < end:
            content = os.pread(fd, _BLOCK, offset)
            if content != zero[: len(content)]:
                yield offset, content
            offset += _BLOCK


def attach(image):
    """A descriptor of the loop device of a volume: the one that has it already, else a new one. The
    device goes when nothing has it open or mounted any more. A second device on one file would be
    a second file system on the same blocks."""
    fd = os.open(image, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        found = _attached(image, fd)
        return _configure(fd) if found is None else found
    finally:
        os.close(fd)


def _attached(image, fd):
    status = os.fstat(fd)
    tail = os.path.join(os.path.basename(os.path.dirname(image)), os.path.basename(image))
    for name in os.listdir("/sys/block"):
        if not name.startswith("loop"):
            continue
        try:
            with open("/sys/block/%s/loop/backing_file" % name) as file:
                if not file.read().rstrip("\n").endswith(tail):
                    continue
            device = _open_device(int(name[4:]), os.O_RDONLY)
        except OSError:
            continue  # it went just now
        try:
            if _backing(device) == (status.st_dev, status.st_ino):
                return device  # and stays, since we have it open
        except OSError:
            pass
        os.close(device)
    return None


def _backing(device):
    buffer = bytearray(_INFO.size)
    fcntl.ioctl(device, _LOOP_GET_STATUS64, buffer)
    number, inode = _INFO.unpack(buffer)[:2]
    # The kernel's own encoding of a device number, <linux/kdev_t.h>, huge_encode_dev.
    return os.makedev((number >> 8) & 0xFFF, (number & 0xFF) | (number >> 12) & 0xFFF00), inode


def _configure(fd):
    info = _INFO.pack(0, 0, 0, 0, 0, 0, 0, 0, _LO_FLAGS_AUTOCLEAR, b"", b"", b"", 0, 0)
    config = struct.pack("=II", fd, 0) + info + bytes(64)
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(_ATTEMPTS):
            number = fcntl.ioctl(control, _LOOP_CTL_GET_FREE)
            device = _open_device(number, os.O_RDWR)
            try:
                fcntl.ioctl(device, _LOOP_CONFIGURE, config)
                # Some kernels mount nothing that somebody else may write to.
                return _open_device(number, os.O_RDONLY)
            except OSError as problem:
                if problem.errno != errno.EBUSY:  # somebody was faster
                    raise
            finally:
                os.close(device)
    finally:
        os.close(control)
    raise OSError(errno.EBUSY, "no free loop device")


def _open_device(number, mode):
    path = "/dev/loop%d" % number
    try:
        return os.open(path, mode | os.O_CLOEXEC)
    except FileNotFoundError:
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(_LOOP_MAJOR, number))
        return os.open(path, mode | os.O_CLOEXEC)


def mount(device, target):
    """Mounts a volume at a directory of this process's own mount namespace, after a repair when the
    machine went down under it."""
    path = "/proc/self/fd/%d" % device
    # The other bit means that the kernel has seen errors, when the host's disk was full for example.
    if int.from_bytes(os.pread(device, 2, _STATE), "little") != _VALID and not _mounted(device):
        _repair(device)
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV
    end = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            syscalls.mount(path, target, "ext4", flags, _OPTIONS)
            return
        except OSError as problem:
            # An earlier use of it is just going.
            if problem.errno != errno.EBUSY or time.monotonic() > end:
                raise
            time.sleep(0.002)


def _mounted(device):
    """Whether a mounted file system has the device for itself."""
    try:
        os.close(os.open("/proc/self/fd/%d" % device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
        return False
    except OSError as problem:
        if problem.errno == errno.EBUSY:
            return True
        raise


def _repair(device):
    os.set_inheritable(device, True)
    try:
        done = subprocess.run(
            ("e2fsck", "-f", "-y", "/proc/self/fd/%d" % device), env=_ADMIN_PATH, close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
    finally:
        os.set_inheritable(device, False)
    if done.returncode & ~3:
        raise OSError(errno.EIO, "the workspace's file system is damaged (e2fsck: %d)" % done.returncode)


class Flush:
    """Writes back what is mounted of some containers, in a child: the disk may be slow. Calls done
    once, with those containers whose files found no room.

    mounted: by container, the number of process 1 of the sandbox that it is mounted for."""

    def __init__(self, loop, mounted, done):
        self._loop = loop
        self._done = done
        self._mounted = mounted
        self._text = b""
        self._read, write = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            try:
                for container, guest in mounted.items():
                    if _flush(guest):
                        os.write(write, container.encode() + b"\n")
            finally:
                os._exit(0)
        os.close(write)
        loop.watch(self._read, self._readable)

    def _readable(self):
        data = os.read(self._read, 1 << 16)
        if data:
            self._text += data
            return
        self._loop.forget(self._read)
        os.close(self._read)
        self._done(sorted(set(self._mounted) - set(self._text.decode().split())))


def _flush(guest):
    try:
        # A mount point in the sandbox's own root, which no code of the container can change.
        root = os.open(
            "/proc/%d/root/tmp" % guest, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        )
    except OSError:
        return True  # it has ended, and was written back as it was unmounted
    try:
        syscalls.sync_file_system(root)
        return True
    except OSError:
        return False
    finally:
        os.close(root)


def _in_child(device):
    read, write = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            syscalls.unshare(syscalls.CLONE_NEWNS)
            mount(device, "/mnt")
        except BaseException as problem:
            os.write(write, str(problem).encode()[:2000])
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as told:
        text = told.read()
    os.waitpid(pid, 0)
    if text:
        raise OSError(text.decode("utf-8", "replace"))
