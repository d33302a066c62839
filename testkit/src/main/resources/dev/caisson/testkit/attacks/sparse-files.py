# Plants sparse files that are huge by their size and nothing on the disk, for the host to read or copy.
# quick: root
# plants: after
for number in range(5):
    with open("sparse%d" % number, "wb") as file:
        os.truncate(file.fileno(), 60 << 20)
with open(os.environ["OUTPUT_DIR"] + "/sparse", "wb") as file:
    os.truncate(file.fileno(), 8 << 20)
attempt("larger than its disk", os.truncate, "sparse0", 1 << 50)
