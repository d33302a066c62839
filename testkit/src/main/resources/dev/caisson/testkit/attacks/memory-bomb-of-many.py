# Takes memory in many processes, each of which stays below the limit.
# quick: no
# expect: killed out_of_memory or completed
# rootless: completed
# resource: yes
# seconds: 6
children = []
for number in range(10):
    pid = os.fork()
    if pid == 0:
        try:
            taken = bytearray(b"x" * (60 << 20))
            time.sleep(0.5)
            os._exit(0)
        except MemoryError:
            os._exit(1)
    children.append(pid)
codes = [os.waitpid(pid, 0)[1] for pid in children]
ended = sum(code != 0 for code in codes)
held("%d of 10 were ended" % ended)
sys.exit(1 if ended else 0)
