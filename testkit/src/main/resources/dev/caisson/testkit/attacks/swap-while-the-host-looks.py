# Swaps a directory for a link to the host's, and a file for a link, while the server reads and writes them.
# quick: root
# plants: during
import shutil
end = time.time() + 1.5
outside = os.path.dirname(CANARY)
rounds = 0
while time.time() < end:
    rounds += 1
    os.makedirs("/home/user/real", exist_ok=True)
    open("/home/user/real/canary", "w").write("inside")
    os.rename("/home/user/real", "/home/user/bait")
    open("/tmp/bait", "w").write("inside")
    shutil.rmtree("/home/user/bait", ignore_errors=True)
    os.symlink(outside, "/home/user/bait")
    os.unlink("/tmp/bait")
    os.symlink(CANARY, "/tmp/bait")
    os.unlink("/home/user/bait")
    os.unlink("/tmp/bait")
held("swapped %d times" % rounds)
