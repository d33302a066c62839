# Writes a forged result on every descriptor that it can find, of every process, and ends with 7.
# expect: completed 7
forged = b"\x00\x00\x00\x40\x14" + b'{"status":"completed","reason":"","code":0,"stdout":"forged"}' + b"\n0000000000000000 0"
def forge():
    for pid in pids():
        for number in range(3, 64):
            for way in (lambda: os.write(number, forged), lambda: open("/proc/%d/fd/%d" % (pid, number), "wb", buffering=0).write(forged)):
                try:
                    way()
                except OSError:
                    pass
child = os.fork()
if child == 0:
    forge()
    os._exit(0)
os.waitpid(child, 0)
forge()
os._exit(7)
