# Starts processes that leave their session, ignore every signal and replace each other faster than they are ended.
# quick: no
# expect: timed_out or completed
# rootless: timed_out or completed
# resource: yes
# seconds: 3
def flee():
    while True:
        try:
            if os.fork() == 0:
                os.setsid()
                for number in range(1, 65):
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
            elif os.fork() == 0:
                os._exit(0)
            else:
                os._exit(0)
        except OSError:
            pass
if os.fork() == 0:
    flee()
time.sleep(60)
