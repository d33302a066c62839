"""What is kept of one output stream of a cell: its head, its tail, and a count of the rest."""

import os

_CHUNK = 1 << 16


class Output:
    """Reads one pipe. The head goes out as it comes; after that only the last bytes are kept."""

    def __init__(self, fd, cap, send):
        self.fd = fd
        self._head_left = cap // 2
        self._tail_cap = cap - cap // 2
        self._tail = bytearray()
        self._dropped = 0
        self._send = send
        self.open = True

    def read_some(self):
        """Reads what is there now; returns whether there was anything."""
        try:
            data = os.read(self.fd, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self.open = False
            return False
        if self._head_left:
            head = data[: self._head_left]
            self._head_left -= len(head)
            self._send(head)
            data = data[len(head) :]
        if data:
            self._tail += data
            # Cut seldom: deleting from the front costs a move of the rest.
            if len(self._tail) > 2 * self._tail_cap + _CHUNK:
                self._trim()
        return True

    def drain(self, limit):
        """Reads what writers that are gone have left, at most about limit bytes: something that
        cannot be ended could write for ever."""
        read = 0
        while self.open and read <= limit and self.read_some():
            read += _CHUNK

    def finish(self):
        """The tail, and how many bytes are in neither head nor tail."""
        self._trim()
        if self._dropped:
            # A tail starts at a whole character, so that no half of one shows.
            skip = 0
            while skip < min(3, len(self._tail)) and self._tail[skip] & 0xC0 == 0x80:
                skip += 1
            del self._tail[:skip]
            self._dropped += skip
        return bytes(self._tail), self._dropped

    def _trim(self):
        surplus = len(self._tail) - self._tail_cap
        if surplus > 0:
            del self._tail[:surplus]
            self._dropped += surplus
