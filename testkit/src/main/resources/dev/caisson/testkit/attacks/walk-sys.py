# Looks for /sys, control groups and their release agents, and kernel debugging, wherever they may be mounted.
for path in ("/sys", "/sys/fs/cgroup", "/sys/kernel/debug", "/sys/kernel/security", "/sys/firmware",
             "/sys/devices", "/sys/kernel/uevent_helper", "/cgroup", "/proc/acpi/wakeup"):
    attempt("stat " + path, os.stat, path)
with open("/proc/self/mounts") as file:
    kinds = {line.split()[2] for line in file}
strange = kinds & {"sysfs", "cgroup", "cgroup2", "debugfs", "securityfs", "tracefs", "bpf", "configfs", "binfmt_misc", "mqueue"}
escaped("mounted: %s" % strange) if strange else held("only %s are mounted" % sorted(kinds))
