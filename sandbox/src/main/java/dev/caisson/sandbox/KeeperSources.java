package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The Python sources of keeper and guest. Their hash is their version: a keeper of other sources
 * speaks, perhaps, another protocol.
 */
record KeeperSources(String version, Map<String, byte[]> files) {
  /** A jar cannot be asked what it holds; a test compares this with the source directory. */
  static final List<String> NAMES =
      List.of(
          "guest/__init__.py",
          "guest/caisson_await.py",
          "guest/caisson_cell.py",
          "guest/caisson_definitions.py",
          "guest/caisson_pickle.py",
          "guest/caisson_restore.py",
          "guest/caisson_save.py",
          "guest/caisson_state.py",
          "guest/caisson_tools.py",
          "guest/calls.py",
          "guest/cells.py",
          "guest/changes.py",
          "guest/children.py",
          "guest/files.py",
          "guest/frames.py",
          "guest/interpreter.py",
          "guest/meters.py",
          "guest/output.py",
          "guest/privileges.py",
          "guest/processes.py",
          "guest/removal.py",
          "guest/scans.py",
          "guest/state.py",
          "guest/supervisor.py",
          "guest/watches.py",
          "keeper/__init__.py",
          "keeper/cgroups.py",
          "keeper/copies.py",
          "keeper/machine.py",
          "keeper/main.py",
          "keeper/processes.py",
          "keeper/sandbox.py",
          "keeper/seccomp.py",
          "keeper/syscalls.py",
          "keeper/trees.py",
          "keeper/view.py",
          "keeper/volumes.py",
          "keeper/workspaces.py");

  static KeeperSources load() {
    Map<String, byte[]> files = new TreeMap<>();
    MessageDigest digest = sha256();
    for (String name : NAMES) {
      byte[] content = read(name);
      files.put(name, content);
      digest.update(name.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      digest.update(content);
    }
    return new KeeperSources(HexFormat.of().formatHex(digest.digest(), 0, 8), files);
  }

  /** Writes them below a directory unless they are there; safe against others doing the same. */
  Path unpack(Path run) throws IOException {
    Path target = run.resolve("python-" + version);
    if (Files.isDirectory(target)) {
      return target;
    }
    Path fresh = Files.createTempDirectory(run, "python-new");
    Trees.make(fresh);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = fresh.resolve(file.getKey());
      Path parent = path.getParent();
      if (parent != null) {
        Trees.make(parent);
      }
      Files.write(path, file.getValue());
    }
    Trees.makeReadable(fresh);
    try {
      Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      Trees.delete(fresh);
    }
    return target;
  }

  private static byte[] read(String name) {
    try (InputStream stream = KeeperSources.class.getResourceAsStream("python/" + name)) {
      if (stream == null) {
        throw new CaissonException.Internal("resource " + name + " is missing from the jar");
      }
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new CaissonException.Internal("resource " + name + " cannot be read", e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new CaissonException.Internal("this JVM has no SHA-256", e);
    }
  }
}
