# Makes outputs of files that are not its own: links to the host, hard links, FIFOs, a replaced directory.
# quick: root
# plants: after
top = os.environ["OUTPUT_DIR"]
for number, target in enumerate((CANARY, "/etc/passwd", "/proc/1/environ", "/proc/self/environ", DATA + "/credentials", "/opt/caisson/guest/cells.py")):
    os.symlink(target, "%s/link%d" % (top, number))
os.mkfifo(top + "/fifo")
open(top + "/own", "w").write("own")
os.link(top + "/own", top + "/hard")
open(top + "/good.txt", "w").write("good")
open(top + "/x\r\nx-forged: 1", "w").write("header")
held("planted")
