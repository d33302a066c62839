# Replaces its saved variables, and the programs that bring them back, by code of its own.
# expect: held
payload = b"cos\nsystem\n(S'echo ESCAPED by a saved variable'\ntR."
found = 0
for top, _, names in os.walk("/opt/caisson-state"):
    for name in [*names, "state", "saved", "objects"]:
        try:
            with open(os.path.join(top, name), "wb") as file:
                file.write(payload)
            found += 1
        except OSError as refusal:
            held("%s: %s" % (name, refusal.strerror))
held("%d files of its own were replaced" % found)
