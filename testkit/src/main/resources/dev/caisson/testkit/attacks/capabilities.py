# Raises capabilities by capset and the ambient set, and changes user and groups.
header = struct.pack("Ii", 0x20080522, 0)
syscall("capset", (126, 91), header, struct.pack("6I", *[0xFFFFFFFF] * 6))
syscall("ambient SYS_ADMIN", (157, 167), 47, 2, 21, 0, 0, errors=("EPERM",))
for what, call in (("setuid 0", lambda: os.setuid(0)), ("setgid 0", lambda: os.setgid(0)),
                   ("setgroups", lambda: os.setgroups([0, 4, 27])), ("setresuid", lambda: os.setresuid(0, 0, 0))):
    attempt(what, call)
libc.setfsuid(0)
escaped("file access as 0") if libc.setfsuid(-1) == 0 else held("setfsuid changes nothing")
status = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "CapInh"):
    held(name + " is empty") if int(status[name], 16) == 0 else escaped("%s %s" % (name, status[name]))
held("groups %s" % os.getgroups()) if 0 not in os.getgroups() else escaped("in group 0")
