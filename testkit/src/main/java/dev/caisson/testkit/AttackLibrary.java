package dev.caisson.testkit;

import static java.util.Objects.requireNonNull;

import dev.caisson.domain.Language;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The attacks that there are: one file each in the resource folder {@code attacks}. */
final class AttackLibrary {
  private static final String FOLDER = "attacks";

  private AttackLibrary() {}

  /** One that is not among them. */
  static Attack read(String name, String text) {
    return Attack.parse(name, text, shared());
  }

  private static Map<Language, String> shared() {
    return Map.of(Language.PYTHON, text("attack_words.py"), Language.BASH, text("attack_words.sh"));
  }

  /** All of them, by name. */
  static List<Attack> all() {
    Map<Language, String> shared = shared();
    try {
      URI folder = requireNonNull(AttackLibrary.class.getResource(FOLDER)).toURI();
      if (folder.getScheme().equals("file")) {
        return read(Path.of(folder), shared);
      }
      try (FileSystem jar = FileSystems.newFileSystem(folder, Map.of())) {
        return read(jar.provider().getPath(folder), shared);
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Attack> read(Path folder, Map<Language, String> shared) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .sorted()
          .map(file -> {
            try {
              String name = requireNonNull(file.getFileName()).toString();
              return Attack.parse(name, Files.readString(file), shared);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          })
          .toList();
    }
  }

  private static String text(String resource) {
    try (InputStream in = requireNonNull(AttackLibrary.class.getResourceAsStream(resource))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
