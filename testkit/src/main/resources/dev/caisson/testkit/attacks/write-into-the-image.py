# Writes into the image and the system that all containers share: programs, libraries, settings.
import glob, stat
places = ["/", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/etc", "/opt", "/dev", "/proc", "/bin"]
places += [path for path in sys.path if path.startswith("/") and os.path.isdir(path) and not path.startswith("/home")]
for place in places:
    attempt("new file in " + place, lambda: open(place + "/planted", "w"))
for path in ("/usr/bin/python3", "/bin/bash", "/etc/passwd", "/etc/ld.so.cache", "/etc/hosts", os.__file__):
    attempt("write " + path, lambda: open(path, "r+b"))
    attempt("chmod " + path, os.chmod, path, 0o777)
    attempt("truncate " + path, os.truncate, path, 0)
