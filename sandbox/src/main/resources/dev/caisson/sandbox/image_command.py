"""Runs one command of an image build and ends it, with all it started, when our stdin closes.

The builder holds the other end of stdin for as long as it wants the build, so its death, however it
comes, ends the build and removes the scratch directory.  argv: SCRATCH COMMAND...
"""
import os
import shutil
import signal
import subprocess
import sys
import threading

scratch, command = sys.argv[1], sys.argv[2:]
os.umask(0o022)  # other users read the image
os.setsid()  # a Ctrl-C in the terminal is the builder's business
child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
abandoned = threading.Event()


def watch():
    while os.read(0, 1):
        pass
    abandoned.set()
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


watcher = threading.Thread(target=watch, daemon=True)
watcher.start()
code = child.wait()
if abandoned.is_set():
    watcher.join()
    shutil.rmtree(scratch, ignore_errors=True)
    code = 130
os._exit(code if code >= 0 else 128 - code)
