# Writes, replaces and shadows the code of process 1 and of its helpers under /opt/caisson.
found = [os.path.join(top, name) for top, _, names in os.walk("/opt/caisson") for name in names]
assert found, "the guest's code is not where it was"
for path in found:
    attempt("write " + path, lambda: open(path, "r+b"))
    attempt("unlink " + path, os.unlink, path)
for directory in ("/opt", "/opt/caisson", "/opt/caisson/guest"):
    attempt("plant in " + directory, lambda: open(directory + "/os.py", "w"))
    attempt("rename " + directory, os.rename, directory, directory + "x")
