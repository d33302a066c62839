package dev.caisson.engine;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.TooLarge;
import dev.caisson.domain.SkillFile;
import dev.caisson.store.Blobs;
import java.io.InputStream;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The files of a version of a skill while they come in. Closing it gives up what has not become a
 * version. For use by one thread.
 */
public final class SkillUpload implements AutoCloseable {
  /** The hosted Skills API takes 30 MB in all. */
  private static final ByteSize TOTAL_LIMIT = new ByteSize(30_000_000);

  /** A model is to read it whole. */
  private static final ByteSize MANIFEST_LIMIT = ByteSize.ofMebibytes(1);

  /** Each is a file to be made in a container; skills seen so far have some dozens. */
  private static final int MAX_FILES = 1000;

  private final Blobs blobs;
  private final Map<String, Blobs.Staged> staged = new LinkedHashMap<>();
  private final Set<String> directories = new HashSet<>();
  private String top = "";
  private long totalBytes;

  SkillUpload(Blobs blobs) {
    this.blobs = blobs;
  }

  /**
   * Takes a file.
   *
   * @param path with slashes; the first name is the directory that all files of the skill share
   */
  public void add(String path, InputStream content) {
    SkillPath.check(path);
    int slash = path.indexOf('/');
    String directory = path.substring(0, slash);
    if (!top.isEmpty() && !top.equals(directory)) {
      throw new InvalidRequest(
          "files: all files must be in the same top-level directory, not in '"
              + top
              + "' and '"
              + directory
              + "'");
    }
    if (staged.size() == MAX_FILES) {
      throw new InvalidRequest("files: a skill may have at most " + MAX_FILES + " files");
    }
    top = directory;
    String inside = path.substring(slash + 1);
    checkFree(inside);
    ByteSize left = new ByteSize(TOTAL_LIMIT.bytes() - totalBytes);
    Blobs.Staged file;
    try {
      file = blobs.stage(content, left, "skill file '" + inside + "'");
    } catch (TooLarge e) {
      throw new TooLarge(
          "files: the files of the skill are over the limit of "
              + TOTAL_LIMIT.bytes()
              + " bytes together");
    }
    totalBytes += file.sizeBytes();
    staged.put(inside, file);
  }

  /** A name can be one file only, and not a file and a directory. */
  private void checkFree(String inside) {
    if (staged.containsKey(inside) || directories.contains(inside)) {
      throw new InvalidRequest("files: '" + inside + "' is there twice");
    }
    for (int i = inside.indexOf('/'); i >= 0; i = inside.indexOf('/', i + 1)) {
      String parent = inside.substring(0, i);
      if (staged.containsKey(parent)) {
        throw new InvalidRequest("files: '" + parent + "' is a file and a directory");
      }
      directories.add(parent);
    }
  }

  /** The directory that all files share; empty while there is no file. */
  public String directory() {
    return top;
  }

  /** The content of {@code SKILL.md}; throws InvalidRequest when there is none. */
  public byte[] manifest() {
    Blobs.Staged manifest = staged.get(SkillFile.MANIFEST);
    if (manifest == null) {
      throw new InvalidRequest(
          "files: a file " + SkillFile.MANIFEST + " is required at the root of the directory");
    }
    if (manifest.sizeBytes() > MANIFEST_LIMIT.bytes()) {
      throw new InvalidRequest(
          "files: " + SkillFile.MANIFEST + ": over the limit of " + MANIFEST_LIMIT);
    }
    return manifest.read();
  }

  List<SkillFile> files() {
    return staged.entrySet().stream()
        .map(entry ->
            new SkillFile(entry.getKey(), entry.getValue().sizeBytes(), entry.getValue().sha256()))
        .toList();
  }

  void place() {
    staged.values().forEach(file -> blobs.place(file, Blobs.Durability.POWER_CUT));
  }

  List<String> hashes() {
    return staged.values().stream().map(Blobs.Staged::sha256).toList();
  }

  @Override
  public void close() {
    staged.values().forEach(Blobs.Staged::discard);
  }
}
