package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Python packages in some directories, read from their metadata without starting Python.
 *
 * @param versions by normalized name
 * @param fingerprint changes whenever a package comes, goes or changes its version
 */
record InstalledPackages(Map<String, String> versions, String fingerprint) {
  private static final Pattern METADATA =
      Pattern.compile("(?<name>[^-]+)(-(?<version>[^-]+))?(-.*)?\\.(dist|egg)-info");

  InstalledPackages {
    versions = Map.copyOf(versions);
  }

  static InstalledPackages in(List<Path> directories) {
    Map<String, String> versions = new TreeMap<>();
    for (Path directory : directories) {
      if (!Files.isDirectory(directory)) {
        continue;
      }
      try (DirectoryStream<Path> entries =
          Files.newDirectoryStream(directory, "*.{dist,egg}-info")) {
        for (Path entry : entries) {
          read(entry).ifPresent(found -> versions.putIfAbsent(found.name(), found.version()));
        }
      } catch (IOException e) {
        throw new CaissonException.Internal("packages in " + directory + " cannot be listed", e);
      }
    }
    Digest digest = new Digest();
    versions.forEach((name, version) -> digest.add(name).add(version));
    return new InstalledPackages(versions, digest.hex());
  }

  boolean has(String normalizedName) {
    return versions.containsKey(normalizedName);
  }

  /** {@code name==version}, by name. */
  List<String> pinned() {
    return versions.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> entry.getKey() + "==" + entry.getValue())
        .toList();
  }

  private record Found(String name, String version) {}

  private static Optional<Found> read(Path entry) {
    Matcher name = METADATA.matcher(entry.getFileName().toString());
    if (!name.matches()) {
      return Optional.empty();
    }
    String version = Optional.ofNullable(name.group("version")).orElseGet(() -> header(entry));
    return Optional.of(new Found(PackageName.normalize(name.group("name")), version));
  }

  /** Old metadata directories have no version in their names. */
  private static String header(Path entry) {
    for (Path file : List.of(entry.resolve("METADATA"), entry.resolve("PKG-INFO"), entry)) {
      if (Files.isRegularFile(file)) {
        try {
          return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("version:"))
              .map(line -> line.substring("version:".length()).strip())
              .findFirst()
              .orElse("unknown");
        } catch (IOException e) {
          return "unknown";
        }
      }
    }
    return "unknown";
  }
}
