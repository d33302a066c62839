package dev.caisson.sandbox;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Makes small wheels that the real pip installs. */
final class Wheels {
  private Wheels() {}

  /** A package with one module of its own name whose VERSION is the version. */
  static Path make(Path directory, String name, String version, String... requires)
      throws IOException {
    Path wheel = directory.resolve(name + "-" + version + "-py3-none-any.whl");
    String info = name + "-" + version + ".dist-info/";
    StringBuilder metadata =
        new StringBuilder("Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n");
    for (String required : requires) {
      metadata.append("Requires-Dist: ").append(required).append('\n');
    }
    try (OutputStream file = Files.newOutputStream(wheel);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      entry(zip, name + "/__init__.py", "VERSION = '" + version + "'\n");
      entry(zip, info + "METADATA", metadata.toString());
      entry(
          zip,
          info + "WHEEL",
          "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
      entry(
          zip,
          info + "RECORD",
          name
              + "/__init__.py,,\n"
              + info
              + "METADATA,,\n"
              + info
              + "WHEEL,,\n"
              + info
              + "RECORD,,\n");
    }
    return wheel;
  }

  private static void entry(ZipOutputStream zip, String name, String content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content.getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
  }
}
