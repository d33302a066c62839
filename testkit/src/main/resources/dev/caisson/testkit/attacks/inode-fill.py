# Makes empty files without end: they take no blocks, but the table of the file system that others need.
# expect: killed disk_full or completed
# resource: yes
# quick: no
# seconds: 60
try:
    for number in range(2_000_000):
        if number % 1000 == 0:
            os.mkdir("/tmp/%d" % (number // 1000))
        os.close(os.open("/tmp/%d/%d" % (number // 1000, number), os.O_CREAT | os.O_WRONLY))
    escaped("made %d files" % number)
except OSError as refusal:
    held("after %d: %s" % (number, refusal.strerror))
