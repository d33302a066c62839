# Opens what it knows of the host by its path: a file beside the data directory, keys, other workspaces, the store.
for path in (CANARY, DATA, DATA + "/credentials", DATA + "/caisson.db", DATA + "/run", DATA + "/run/admin-key",
             DATA + "/containers", DATA + "/server.json", "/etc/shadow", "/root", "/root/.ssh", "/home/user/..",
             "/var/log", "/etc/machine-id", "/run/systemd", "/run/docker.sock", "/var/run/docker.sock", "/boot",
             "/var/lib/kubelet", "/run/secrets", "/mnt", "/media", "/srv"):
    try:
        found = os.listdir(path) if os.path.isdir(path) else open(path).read()
    except OSError as refusal:
        held("%s: %s" % (path, refusal.strerror))
    else:
        if path == "/home/user/.." and found == ["user"]:
            held("/home has its own user only")
        else:
            escaped("%s: %r" % (path, found))
