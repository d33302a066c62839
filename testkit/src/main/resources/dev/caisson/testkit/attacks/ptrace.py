# Traces process 1, its own parent and its own child, to put words in their mouths.
child = os.fork()
if child == 0:
    signal.pause()
for pid in (1, os.getppid(), child):
    syscall("attach %d" % pid, (101, 117), 16, pid, None, None)
    syscall("seize %d" % pid, (101, 117), 0x4206, pid, None, None)
syscall("traceme", (101, 117), 0, 0, None, None)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
