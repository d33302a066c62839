# Starts a process in new namespaces by clone, whose flags lie in a register.
for kind, flag in (("mount", 0x20000), ("cgroup", 0x2000000), ("uts", 0x4000000), ("ipc", 0x8000000),
                   ("user", 0x10000000), ("pid", 0x20000000), ("net", 0x40000000)):
    syscall("clone " + kind, (56, 220), flag | signal.SIGCHLD, None, None, None, None)
