# Reads the kernel's memory, symbols and log: kcore, mem, kmem, port, kallsyms, kmsg, config, syslog.
for path in ("/proc/kcore", "/proc/kallsyms", "/proc/kmsg", "/proc/config.gz", "/proc/keys", "/proc/key-users",
             "/proc/timer_list", "/proc/sched_debug", "/proc/kpagecount", "/proc/kpageflags", "/proc/vmallocinfo",
             "/proc/slabinfo", "/proc/interrupts", "/proc/scsi/scsi", "/proc/iomem"):
    try:
        with open(path, "rb") as file:
            content = file.read(4096)
    except OSError as refusal:
        held("%s: %s" % (path, refusal.strerror))
    else:
        zeros = not any(int(line.split(b"-")[0], 16) for line in content.splitlines()) if path.endswith("iomem") else False
        held(path + " is empty") if not content or zeros else escaped("read %s: %r" % (path, content[:60]))
for path in ("/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/nvram"):
    attempt(path, os.open, path, os.O_RDONLY)
syscall("syslog", (103, 116), 3, None, 0)
