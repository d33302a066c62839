package dev.caisson.testkit;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import tools.jackson.databind.JsonNode;

/**
 * A local copy of the OSV database: the zip file that is published for an ecosystem, a directory of
 * its JSON files, or one of them. Whatever cannot be read fails the whole: half a database would
 * call clean what nobody has looked at.
 */
final class AdvisoryDatabase {
  private static final int MAX_ENTRY_BYTES = 16 << 20;

  private final Map<String, List<Advisory>> byName = new HashMap<>();
  private int size;
  private String newest = "";

  private AdvisoryDatabase() {}

  /** Reads all of it; throws HostUnfit that says what is wrong. */
  static AdvisoryDatabase read(Path path) {
    if (!Files.exists(path)) {
      throw new HostUnfit("there is no database of advisories at " + path);
    }
    AdvisoryDatabase database = new AdvisoryDatabase();
    try {
      if (Files.isDirectory(path)) {
        database.readDirectory(path);
      } else if (path.toString().endsWith(".json")) {
        database.add(path.toString(), Files.readAllBytes(path));
      } else {
        database.readZip(path);
      }
    } catch (IOException e) {
      throw new HostUnfit("database " + path + " cannot be read: " + e.getMessage(), e);
    }
    if (database.size == 0) {
      throw new HostUnfit("database " + path + " has no advisory on Maven artifacts");
    }
    return database;
  }

  private void readDirectory(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.filter(path -> path.toString().endsWith(".json")).toList()) {
        add(path.toString(), Files.readAllBytes(path));
      }
    }
  }

  private void readZip(Path path) throws IOException {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
        ZipEntry entry = entries.nextElement();
        if (entry.getName().endsWith(".json")) {
          try (InputStream content = zip.getInputStream(entry)) {
            add(path + "!" + entry.getName(), content.readNBytes(MAX_ENTRY_BYTES));
          }
        }
      }
    }
  }

  private void add(String name, byte[] bytes) {
    try {
      JsonNode json = Json.parse(bytes, name);
      Advisory.read(json)
          .ifPresent(advisory -> {
            size++;
            String modified = json.path("modified").asString("");
            newest = modified.compareTo(newest) > 0 ? modified : newest;
            advisory.affected().stream()
                .map(Advisory.Affected::name)
                .distinct()
                .forEach(artifact ->
                    byName.computeIfAbsent(artifact, _ -> new ArrayList<>()).add(advisory));
          });
    } catch (InvalidRequest | IllegalArgumentException e) {
      throw new HostUnfit("database entry " + name + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** How many advisories it has. */
  int size() {
    return size;
  }

  /** When its latest entry was changed, as that says it; empty when none says so. */
  String newest() {
    return newest;
  }

  /**
   * The advisories that a version of an artifact falls under.
   *
   * @param name {@code group:artifact}
   */
  List<Advisory> matching(String name, String version) {
    return byName.getOrDefault(name, List.of()).stream()
        .filter(advisory ->
            advisory.affected().stream()
                .anyMatch(one -> one.name().equals(name) && one.has(version)))
        .toList();
  }
}
