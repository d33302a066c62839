# Closes its directories to everybody, the guest too, so that nothing can be listed, copied or deleted.
# plants: after
mkdir -p a/b/c x && touch a/b/c/file && chmod 000 a/b/c a/b a x /tmp/. 2>/dev/null
chmod 000 /files/output "$OUTPUT_DIR" 2>/dev/null
chmod 000 /home/user 2>/dev/null
held "closed"
