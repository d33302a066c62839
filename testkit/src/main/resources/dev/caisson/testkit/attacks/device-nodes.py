# Makes device nodes for memory and disks, and opens the devices that are there.
import stat
for what, kind, major, minor in (("mem", stat.S_IFCHR, 1, 1), ("disk", stat.S_IFBLK, 8, 0), ("kmsg", stat.S_IFCHR, 1, 11),
                                 ("disk vda", stat.S_IFBLK, 254, 0), ("fuse", stat.S_IFCHR, 10, 229), ("loop", stat.S_IFCHR, 10, 237)):
    for place in ("/tmp/", "/dev/shm/", "/run/"):
        attempt("mknod %s in %s" % (what, place), os.mknod, place + "node", kind | 0o666, os.makedev(major, minor))
known = {"null", "zero", "full", "random", "urandom", "tty", "core", "fd", "stdin", "stdout", "stderr", "pts", "ptmx", "shm", "console"}
strange = set(os.listdir("/dev")) - known
escaped("in /dev: %s" % strange) if strange else held("/dev has the harmless ones only")
for path in ("/dev/sda", "/dev/vda", "/dev/kvm", "/dev/fuse", "/dev/loop-control", "/dev/loop0", "/dev/net/tun", "/dev/vhost-vsock", "/dev/userfaultfd", "/dev/dri/card0"):
    attempt(path, os.open, path, os.O_RDONLY)
