package dev.caisson.store;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.IdKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a backup holds, in lines of text; the last one is the hash of those before it. Written last
 * and by a rename, so that a directory with a manifest is a whole backup.
 */
public record BackupManifest(List<Entry> files, List<Tree> workspaces) {
  public static final String DATABASE = "caisson.db";
  static final String CREDENTIALS = "credentials";
  public static final String WORKSPACES = "workspaces";

  private static final String NAME = "MANIFEST";
  private static final String HEAD = "caisson-backup 1";

  /** Far more than ten million lines are not of our making. */
  private static final long MOST_BYTES = 1 << 30;

  private static final Pattern FORMAT = Pattern.compile("caisson-backup ([0-9]{1,9})");
  // Nothing else has a place in a backup, so no name can lead out of it.
  private static final Pattern FILE =
      Pattern.compile(
          "file ([0-9a-f]{64}) ([0-9]{1,18}) (caisson\\.db|credentials|blobs/([0-9a-f]{2})/([0-9a-f]{64}))");
  private static final Pattern TREE =
      Pattern.compile("workspace ([0-9a-f]{64}) (container_[0-9A-Za-z]{1,64})");

  public BackupManifest {
    files = List.copyOf(files);
    workspaces = List.copyOf(workspaces);
  }

  /** A file by its name below the backup. */
  public record Entry(String name, long sizeBytes, String sha256) {
    static Entry of(Path backup, String name) throws IOException {
      Path file = backup.resolve(name);
      return new Entry(name, Files.size(file), hash(file));
    }
  }

  /** The copy of a workspace. */
  public record Tree(ContainerId container, String digest) {}

  static String blob(String sha256) {
    return "blobs/" + sha256.substring(0, 2) + "/" + sha256;
  }

  /** Bytes of all files but those of workspaces. */
  public long bytes() {
    return files.stream().mapToLong(Entry::sizeBytes).sum();
  }

  /** How many stored contents there are. */
  public long blobs() {
    return files.stream().filter(file -> file.name().startsWith("blobs/")).count();
  }

  void write(Path backup) throws IOException {
    StringBuilder text = new StringBuilder(HEAD).append('\n');
    for (Entry file : files) {
      text.append("file %s %d %s\n".formatted(file.sha256(), file.sizeBytes(), file.name()));
    }
    for (Tree tree : workspaces) {
      text.append("workspace %s %s\n".formatted(tree.digest(), tree.container()));
    }
    byte[] told = text.toString().getBytes(StandardCharsets.UTF_8);
    text.append("end ").append(HexFormat.of().formatHex(Blobs.sha256().digest(told))).append('\n');
    Path fresh = backup.resolve(NAME + ".new");
    writePrivately(fresh, text.toString());
    Files.move(fresh, backup.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel channel = FileChannel.open(backup, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  static void writePrivately(Path file, String text) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      java.nio.ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  public static void copyPrivately(Path from, Path to) throws IOException {
    Files.createFile(
        to, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (InputStream in = Files.newInputStream(from, LinkOption.NOFOLLOW_LINKS);
        java.io.OutputStream out = Files.newOutputStream(to, StandardOpenOption.WRITE)) {
      in.transferTo(out);
    }
  }

  /** Reads the manifest of a backup and nothing else; throws HostUnfit that says what is wrong. */
  public static BackupManifest read(Path backup) {
    Path file = backup.resolve(NAME);
    String text;
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new HostUnfit(backup + " has no manifest: it is no backup, or one that did not end");
      }
      if (Files.size(file) > MOST_BYTES) {
        throw new HostUnfit(file + " is over " + MOST_BYTES + " bytes: it is no manifest");
      }
      // Any byte is a character here: what is no manifest is told as that, not as bad text.
      text = Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new HostUnfit(file + " cannot be read: " + DataDirectory.reason(e), e);
    }
    return parse(file, text);
  }

  private static BackupManifest parse(Path file, String text) {
    Matcher format = FORMAT.matcher(text.lines().findFirst().orElse(""));
    if (!format.matches()) {
      throw new HostUnfit(file + " is no manifest of a backup");
    }
    if (!format.group(1).equals("1")) {
      throw new HostUnfit(
          file + " has format " + format.group(1) + ", made by a newer Caisson; this one knows 1");
    }
    int end = text.lastIndexOf("end ");
    String told = text.substring(0, Math.max(end, 0));
    byte[] bytes = told.getBytes(StandardCharsets.ISO_8859_1);
    String seal = "end " + HexFormat.of().formatHex(Blobs.sha256().digest(bytes)) + "\n";
    if (end < 0 || !text.substring(end).equals(seal)) {
      throw new HostUnfit(file + " is damaged: its last line does not fit what is before it");
    }
    List<Entry> files = new ArrayList<>();
    List<Tree> trees = new ArrayList<>();
    for (String line : (Iterable<String>) told.lines().skip(1)::iterator) {
      Matcher entry = FILE.matcher(line);
      Matcher tree = TREE.matcher(line);
      if (entry.matches() && fits(entry)) {
        files.add(new Entry(entry.group(3), Long.parseLong(entry.group(2)), entry.group(1)));
      } else if (tree.matches() && IdKind.CONTAINER.matches(tree.group(2))) {
        trees.add(new Tree(new ContainerId(tree.group(2)), tree.group(1)));
      } else {
        throw new HostUnfit(file + " has a line that no backup has");
      }
    }
    if (files.stream().noneMatch(entry -> entry.name().equals(DATABASE))) {
      throw new HostUnfit(file + " names no " + DATABASE);
    }
    return new BackupManifest(files, trees);
  }

  /** Content lies under its own hash. */
  private static boolean fits(Matcher entry) {
    return entry.group(5) == null || entry.group(3).equals(blob(entry.group(1)));
  }

  /**
   * Compares what lies there with what is told; throws HostUnfit that names the first that is off.
   */
  public void verify(Path backup) {
    for (Entry file : files) {
      Path path = backup.resolve(file.name());
      try {
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          throw new NoSuchFileException(file.name());
        }
        if (Files.size(path) != file.sizeBytes() || !hash(path).equals(file.sha256())) {
          throw new HostUnfit("backup " + backup + " is damaged: " + file.name() + " has changed");
        }
      } catch (NoSuchFileException e) {
        throw new HostUnfit("backup " + backup + " is damaged: " + file.name() + " is missing", e);
      } catch (IOException e) {
        throw new HostUnfit(path + " cannot be read: " + DataDirectory.reason(e), e);
      }
    }
    for (Tree tree : workspaces) {
      Path path = backup.resolve(WORKSPACES).resolve(tree.container().value());
      if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new HostUnfit(
            "backup "
                + backup
                + " is damaged: the workspace of "
                + tree.container()
                + " is missing");
      }
      try {
        if (!TreeDigest.of(path).equals(tree.digest())) {
          throw new HostUnfit(
              "backup "
                  + backup
                  + " is damaged: the workspace of "
                  + tree.container()
                  + " has changed");
        }
      } catch (IOException e) {
        throw new HostUnfit(path + " cannot be read: " + DataDirectory.reason(e), e);
      }
    }
  }

  static String hash(Path file) throws IOException {
    MessageDigest digest = Blobs.sha256();
    try (InputStream in =
        new DigestInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
