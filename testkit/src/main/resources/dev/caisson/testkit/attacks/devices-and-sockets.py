# Plants what is neither file nor directory: sockets, devices, terminals, links to them.
# quick: root
# plants: after
for kind in (0o140000, 0o020000):
    try:
        os.mknod("/home/user/node%o" % kind, kind | 0o666, 0 if kind == 0o140000 else os.makedev(0, 0))
    except OSError:
        pass
os.symlink("/dev/zero", "/home/user/bait")
os.symlink("/dev/random", "/tmp/bait")
os.symlink("/dev/full", "/home/user/full")
held("planted")
