# Makes and removes files as fast as it can, so that whoever watches the workspace has no end of work.
# quick: no
# expect: completed or timed_out
# resource: yes
# seconds: 20
for number in range(100000):
    path = "/tmp/%d" % (number % 500)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    os.rename(path, path + "x")
    os.unlink(path + "x")
print("done")
