# Climbs out of each mount by "..", from open directories, after moving them, and through what mountinfo tells.
import functools, shutil
os.makedirs("/tmp/a/b/c", exist_ok=True)
inner = os.open("/tmp/a/b/c", os.O_RDONLY)
shutil.rmtree("/tmp/a/b")
for start in (inner, os.open("/tmp", os.O_RDONLY), os.open("/home/user", os.O_RDONLY), os.open("/opt/caisson", os.O_RDONLY)):
    for up in ("..", "../..", "../../..", "../../../../.."):
        attempt("%s%s" % (up, CANARY), functools.partial(os.open, dir_fd=start), up + CANARY, os.O_RDONLY)
with open("/proc/self/mountinfo") as file:
    for line in file:
        root, point = line.split()[3:5]
        attempt("root of " + point, os.stat, root + "/../canary")
