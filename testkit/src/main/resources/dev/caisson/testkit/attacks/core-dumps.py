# Makes the host's crash handler, which runs as root outside, work on cores of its making.
import resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # 0 does not keep cores from a handler, see core(5)
for number in range(3):
    pid = os.fork()
    if pid == 0:
        os.abort()
    os.waitpid(pid, 0)
piped = open("/proc/sys/kernel/core_pattern").read().startswith("|")
limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
if limit == 1 or limit == 0 and not piped:
    held("no core goes to a handler or a file")
else:
    escaped("the limit of cores is %d" % limit)
