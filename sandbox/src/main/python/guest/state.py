"""What outlives the interpreter's process: when its variables are saved and brought back, and which
cells they contain. The saving itself is the interpreter's own work, see caisson_save; nothing of
what it writes is read here."""

import os
import stat
import time

from . import frames, privileges

DIRECTORY = b"/opt/caisson-state"

# Beyond its own time, which it keeps by itself.
_GRACE_SECONDS = 5.0


class Options:
    """size: of all that is saved; seconds: for a save, and for bringing it back; delay: seconds
    without a cell after which a save begins"""

    def __init__(self, text):
        size, seconds, delay = text.split(",")
        self.size = int(size)
        self.seconds = float(seconds)
        self.delay = float(delay)


class State:
    """The cells of the interpreter are counted in the file "mark", before each begins and when it
    has ended: two numbers, on disk wherever the container is opened next. A save names the last cell
    that it contains, so a stale one is known from a good one."""

    def __init__(self, guest, options):
        self._guest = guest
        self.options = options
        self._mark = None
        self._begun = self._ended = 0
        self._dirty = False  # a cell has ended that no save was tried of
        self._due = None
        self._saving = None  # a descriptor that is at its end when the save has ended
        self._deadline = None
        self._waiting = []

    # Cells

    def open(self):
        """Reads how many cells there were, once; raises OSError when that cannot be done."""
        if self._mark is not None:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with privileges.AsCell():
            mark = os.open(os.path.join(DIRECTORY, b"mark"), flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(mark).st_mode):
                raise OSError("the mark is not a file")
            words = os.pread(mark, 64, 0).split()
            if words:
                self._begun, self._ended = (int(word) for word in words)
        except (OSError, ValueError):
            os.close(mark)
            raise
        self._mark = mark

    def to_restore(self):
        """The command that brings the variables back into a new interpreter, without its token;
        None when no cell has left any."""
        if not self._begun:
            return None
        return b"%d %d %r" % (self._begun, self._ended, self.options.seconds)

    def cell_begins(self):
        self._begun += 1
        self._write()

    def cell_ended(self):
        """Its reply may go out after this: from here on a save without it is stale."""
        self._ended = self._begun
        self._write()
        self._dirty = True

    def forget(self):
        """The variables are lost, and whoever waits for the cell is told so."""
        self._dirty = False
        self._begun = self._ended = 0
        self._write()
        with privileges.AsCell():
            try:
                os.unlink(os.path.join(DIRECTORY, b"state"))
            except OSError:
                pass  # there is none, or the code guards it; without cells nobody reads it

    def _write(self):
        if self._mark is not None:
            os.pwrite(self._mark, b"%20d %20d\n" % (self._begun, self._ended), 0)

    # Saving

    def rest(self):
        """No cell runs: a save begins when that lasts."""
        if self._dirty:
            self._due = time.monotonic() + self.options.delay

    def make_way(self):
        """A cell is to run: a save ends, to begin anew after the cell."""
        self._due = None
        if self._saving is not None:
            self._guest.end_save()
            self._close()
            self._tell()

    def save(self, connection):
        """Saves now unless everything is saved; answers when that is done."""
        self._waiting.append(connection)
        if self._saving is None:
            if self._dirty and self._guest.cell is None:
                self._save()
            else:
                self._tell()

    def seconds_left(self):
        """Until tick() has something to do; None when it has not."""
        at = self._due if self._saving is None else self._deadline
        return None if at is None else max(0.0, at - time.monotonic())

    def tick(self):
        if self.seconds_left() != 0.0:
            return
        if self._saving is None:
            self._save()
        else:
            self._guest.end_save()
            self._done()

    def _save(self):
        self._due = None
        read, write = os.pipe()
        try:
            options = self.options
            command = b"%d %d %r" % (self._ended, options.size, options.seconds)
            self._guest.save_interpreter(command, write)
        finally:
            os.close(write)
        self._saving = read
        self._deadline = time.monotonic() + self.options.seconds + _GRACE_SECONDS
        os.set_blocking(read, False)
        self._guest.loop.watch(read, self._readable)

    def _readable(self):
        try:
            if os.read(self._saving, 4096):
                return  # nothing that we asked for
        except BlockingIOError:
            return
        self._done()

    def _done(self):
        self._dirty = False
        self._close()
        self._tell()

    def _close(self):
        self._guest.loop.forget(self._saving)
        os.close(self._saving)
        self._saving = self._deadline = None

    def _tell(self):
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            connection.send(frames.message(frames.RESULT, []))
