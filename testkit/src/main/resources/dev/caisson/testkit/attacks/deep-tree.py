# Plants a tree deeper than any path may be long, and names as long as they may be.
# quick: root
# plants: after
name = "d" * 200
for number in range(300):
    os.mkdir(name)
    os.chdir(name)
open("bottom", "w").write("deep")
os.chdir("/home/user")
open("n" * 255, "w").write("long")
held("planted 300 levels")
