# Writes the kernel's settings that lead to code on the host: core_pattern, modprobe, hotplug, sysrq, oom, binfmt.
for path in ("sys/kernel/core_pattern", "sys/kernel/modprobe", "sys/kernel/hotplug", "sys/kernel/hostname",
             "sys/kernel/sysrq", "sysrq-trigger", "sys/vm/drop_caches", "sys/vm/overcommit_memory",
             "sys/vm/panic_on_oom", "sys/fs/binfmt_misc/register", "sys/kernel/ns_last_pid",
             "sys/kernel/yama/ptrace_scope", "sys/user/max_user_namespaces", "sys/net/ipv4/ip_forward",
             "self/uid_map", "self/gid_map", "1/oom_score_adj", "self/loginuid", "1/coredump_filter",
             "self/attr/current", "self/timens_offsets", "1/sched", "1/autogroup"):
    path = "/proc/" + path
    if os.path.exists(path):
        def write():
            with open(path, "w", buffering=1) as file:
                file.write("1\n")
        try:
            write()
        except OSError as refusal:
            held("%s: %s" % (path, refusal.strerror))
        else:
            with open(path, "rb") as file:  # /dev/null in its place takes everything
                content = file.read()
            held("%s goes nowhere" % path) if not content else escaped("wrote " + path)
