# Mounts by the old call: a tmpfs, a bind of the root, the root made writable, proc, sysfs, cgroups.
for what, source, kind, flags in (("tmpfs", b"none", b"tmpfs", 0), ("bind", b"/", None, 4096),
                                  ("remount", b"none", None, 32 | 4096), ("proc", b"proc", b"proc", 0),
                                  ("sysfs", b"none", b"sysfs", 0), ("cgroup", b"none", b"cgroup", 0),
                                  ("overlay", b"none", b"overlay", 0), ("move", b"/usr", None, 8192)):
    syscall("mount " + what, (165, 40), source, b"/tmp", kind, ctypes.c_ulong(flags), b"")
