# Listens on the server's port and answers in its name.
listener = socket.create_server(("", PORT))
listener.listen()
threading.Thread(target=listener.accept, daemon=True).start()
connection = socket.create_connection(("127.0.0.1", PORT))
held("only its own loopback hears it")
