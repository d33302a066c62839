# Goes around the view by /proc/self/root, /proc/self/cwd, /proc/thread-self and magic links of descriptors.
top = os.open("/", os.O_RDONLY)
for way in ("/proc/self/root", "/proc/1/root", "/proc/self/cwd/../../..", "/proc/thread-self/root",
            "/proc/self/fd/%d" % top, "/proc/self/fd/%d/.." % top, "/proc/self/task/%d/root" % os.getpid(),
            "/proc/self/root/proc/1/root", "/dev/fd/%d/../../.." % top, "/../../.."):
    for target in (CANARY, DATA, "/root", "/var/lib", "/sys/kernel", "/etc/shadow"):
        attempt(way + target, os.stat, way + target)
