# Puts a link to the host's files in the place of its own output directory.
# plants: after
top = os.environ["OUTPUT_DIR"]
os.rmdir(top)
os.symlink("/etc", top)
held("planted")
