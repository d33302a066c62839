# Signals every process that it can name: the server, the keeper, all pids there are, whole groups.
own = set(pids())
reached = []
for pid in [SERVER, *range(2, 70000)]:
    if pid not in own:
        try:
            os.kill(pid, signal.SIGTERM)
            reached.append(pid)
        except ProcessLookupError:
            pass
        except OSError as refusal:
            reached.append((pid, str(refusal)))
escaped("signalled %s" % reached) if reached else held("no pid of the host is one here")
