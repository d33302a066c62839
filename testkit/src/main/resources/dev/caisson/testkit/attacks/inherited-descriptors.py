# Uses descriptors that were open before it: files, sockets, directories of the host, the cwd (CVE-2024-21626).
import stat
code = "import os; print([fd for fd in range(3, 4096) if os.path.exists('/proc/self/fd/%d' % fd)])"
shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()
held("a child has none") if shown == "[]" else escaped("a child has %s" % shown)
for fd in range(0, 1024):
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        continue
    if stat.S_ISDIR(mode) or stat.S_ISBLK(mode):
        escaped("descriptor %d is %s" % (fd, os.readlink("/proc/self/fd/%d" % fd)))
held("none of its own is a directory or a disk")
