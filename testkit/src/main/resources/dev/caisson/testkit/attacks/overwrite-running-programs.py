# Writes to the program that runs as process 1 and as itself, through /proc/PID/exe (CVE-2019-5736).
for pid in ["self", *pids()]:
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        attempt("exe of %s" % pid, os.open, "/proc/%s/exe" % pid, flags)
