# Plants hard links to files of the image, the guest and process 1, and to files of its own.
# plants: after
for target in ("/etc/passwd", "/usr/bin/id", "/opt/caisson/guest/cells.py", "/proc/self/environ", CANARY):
    attempt("link " + target, os.link, target, "/home/user/hard")
open("first", "w").write("own")
os.link("first", "second")
