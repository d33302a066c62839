"""The keeper: one small host process per data directory that starts sandboxes and is their parent.

It exists because the signal of bubblewrap's --die-with-parent follows the thread that started it: a
JVM's threads come and go, this process has one. It uses the standard library only and runs on the
host's /usr/bin/python3 (3.9 or newer).
"""
