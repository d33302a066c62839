"""Runs inside the container, in a process of its own: prepares a stage's directory, and collects
what its script made. Reads one JSON request from $CAISSON_REQUEST, prints one JSON reply.
"""

import fnmatch
import hashlib
import json
import os
import shutil
import stat
import sys

# A listing is for a person to read.
LISTED = 40


def sha256(path):
    """The content's hash; None for anything but a regular file that can be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        digest = hashlib.sha256()
        try:
            while block := file.read(1 << 20):
                digest.update(block)
        except OSError:
            return None
        return digest.hexdigest()


def remove(path):
    """Removes whatever is there, also below directories that somebody made read-only."""

    def retry(function, failed, _):
        os.chmod(os.path.dirname(failed), 0o700)
        if not os.path.islink(failed):
            os.chmod(failed, 0o700)
        function(failed)

    if os.path.isdir(path) and not os.path.islink(path):
        os.chmod(path, 0o700)
        shutil.rmtree(path, onerror=retry)
    elif os.path.lexists(path):
        os.unlink(path)


def marker_fits(request):
    try:
        with open(request["marker_file"], encoding="utf-8") as file:
            return file.read() == request["marker"]
    except OSError:
        return False


def inspect(request):
    """Whether the workspace is the one that is meant, and which of its files are as they should."""
    if request["fresh"]:
        os.makedirs(os.path.dirname(request["marker_file"]), exist_ok=True)
        with open(request["marker_file"], "w", encoding="utf-8") as file:
            file.write(request["marker"])
    elif not marker_fits(request):
        return {"known": False, "present": []}
    present = [path for path, digest in request["files"].items() if sha256(path) == digest]
    return {"known": True, "present": present}


def prepare(request):
    """As inspect; then an empty directory with links to the inputs and places for the outputs."""
    reply = inspect(request)
    if not reply["known"]:
        return reply
    stage = request["directory"]
    remove(stage)
    os.makedirs(stage)
    for place, target in request["links"].items():
        link = os.path.join(stage, place)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(target, link)
    for place in request["outputs"]:
        os.makedirs(os.path.dirname(os.path.join(stage, place)), exist_ok=True)
    with open(request["bash_file"], "w", encoding="utf-8") as file:
        file.write(request["bash"])
    # Sources that no stage reads any more would fill the disk over the years.
    if os.path.isdir(request["sources"]):
        for name in os.listdir(request["sources"]):
            if name not in request["keep"]:
                remove(os.path.join(request["sources"], name))
    return reply


def describe(path):
    """A matching path as the runner is told of it."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return {"kind": "a link"}
    if stat.S_ISDIR(status.st_mode):
        return {"kind": "a directory"}
    if not stat.S_ISREG(status.st_mode):
        return {"kind": "no regular file"}
    digest = sha256(path)
    if digest is None:
        return {"kind": "a file that cannot be read"}
    # From here on an accident in a later stage cannot change it.
    os.chmod(path, 0o444)
    return {"kind": "file", "size": status.st_size, "sha256": digest}


def matches(stage, pattern):
    parent, name = os.path.split(pattern)
    directory = os.path.join(stage, parent)
    if "*" not in name:
        return [pattern] if os.path.lexists(os.path.join(directory, name)) else []
    # Everything else in the name stands for itself.
    shell_pattern = name.replace("[", "[[]")
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    return [os.path.join(parent, n) for n in names if fnmatch.fnmatchcase(n, shell_pattern)]


def listing(stage):
    found = []
    for directory, directories, files in os.walk(stage):
        directories.sort()
        for name in sorted(files):
            found.append(os.path.relpath(os.path.join(directory, name), stage))
            if len(found) > LISTED:
                return found[:LISTED] + ["..."]
    return found


def collect(request):
    """What the script made, artifact by artifact."""
    stage = request["directory"]
    outputs = {}
    for name, pattern in request["outputs"].items():
        found = [path for path in matches(stage, pattern) if path not in request["given"]]
        outputs[name] = [{"path": path} for path in found[:LISTED]]
        if len(found) == 1:
            outputs[name][0].update(describe(os.path.join(stage, found[0])))
    return {"outputs": outputs, "there": listing(stage)}


def main():
    request = json.loads(os.environ["CAISSON_REQUEST"])
    operation = {"inspect": inspect, "prepare": prepare, "collect": collect}[request["operation"]]
    json.dump(operation(request), sys.stdout)


main()
