# Plants FIFOs where the host may open one and wait for ever.
# quick: root
# plants: after
for path in ("/home/user/bait", "/tmp/bait", "/home/user/fifo", os.environ["OUTPUT_DIR"] + "/fifo"):
    os.mkfifo(path)
held("planted")
