# Makes three thousand outputs, more than a cell may have.
# plants: after
# quick: no
# seconds: 30
# says: and did not become an output
top = os.environ["OUTPUT_DIR"]
for number in range(3000):
    with open("%s/%d" % (top, number), "w") as file:
        file.write("x")
held("made")
