# Starves process 1 by its limits and its place in the queue: prlimit, priority, processors, scheduling, memory policy.
import resource
for name in ("RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_DATA"):
    try:
        resource.prlimit(1, getattr(resource, name), (0, 0))
    except (OSError, PermissionError) as refusal:
        held("%s: %s" % (name, refusal))
    else:
        escaped("set %s of process 1" % name)
attempt("scheduling of 1", os.sched_setscheduler, 1, os.SCHED_FIFO, os.sched_param(99))
attempt("priority of the guest raised", os.setpriority, os.PRIO_PROCESS, 0, -20)
syscall("ioprio real time", (251, 30), 1, 0, 1 << 13)
