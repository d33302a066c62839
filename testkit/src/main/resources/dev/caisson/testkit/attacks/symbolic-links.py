# Plants symbolic links of every kind for the host to follow: absolute, relative, of directories, in chains, in loops.
# plants: after
for number, target in enumerate((CANARY, "../../../.." + CANARY, "/etc/shadow", DATA + "/credentials", "/proc/1/environ",
                                 "/proc/self/environ", "/proc/self/root" + CANARY, "/dev/zero", "/dev/stdin")):
    os.symlink(target, "link%d" % number)
os.symlink(os.path.dirname(CANARY), "/home/user/bait")
os.symlink("/", "top")
os.symlink("loop", "loop")
os.symlink("chain1", "chain0")
os.symlink(CANARY, "chain1")
os.symlink(CANARY, "/tmp/bait")
held("planted")
