package dev.caisson.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What is said between the engine's side and the guest about scans; {@code scans.py} is the other
 * end.
 */
final class GuestScans {
  private static final byte[] NO_BODY = {};
  private static final int FIELDS_OF_A_FILE = 5;

  private GuestScans() {}

  static byte[] known(List<KnownFile> files, boolean whole) {
    String body = files.stream().map(KnownFile::fields).collect(Collectors.joining("\0"));
    return Fields.Request.of("known")
        .with("whole", whole ? 1 : 0)
        .payload(body.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] question(long number) {
    return Fields.Request.of("changes").with("serial", number).payload(NO_BODY);
  }

  static Scan read(GuestConnection.Frame frame) throws IOException {
    if (frame.kind() != GuestConnection.Kind.CHANGES) {
      throw new IOException("the guest sent " + frame.kind() + " for a scan");
    }
    Fields fields = frame.fields();
    if (!fields.all("unknown").isEmpty()) {
      return new Scan.Unknown(fields.text("unknown"));
    }
    if (!fields.all("later").isEmpty()) {
      return new Scan.Later(fields.number("later"));
    }
    Optional<String> shortfall = fields.all("short").stream().findFirst();
    return new Scan.Done(files(fields.body()), fields.number("whole") != 0, shortfall);
  }

  private static List<ScannedFile> files(byte[] body) throws IOException {
    List<String> parts = Fields.split(body, 0, body.length);
    if (parts.size() % FIELDS_OF_A_FILE != 0) {
      throw new IOException("the guest's scan is malformed");
    }
    List<ScannedFile> files = new ArrayList<>();
    for (int i = 0; i < parts.size(); i += FIELDS_OF_A_FILE) {
      String kind = parts.get(i);
      files.add(
          new ScannedFile(
              kind(kind),
              Character.isUpperCase(kind.charAt(0)),
              KnownFile.read(
                  parts.get(i + 1), parts.get(i + 2), parts.get(i + 3), parts.get(i + 4))));
    }
    return files;
  }

  private static ScannedFile.Kind kind(String letter) throws IOException {
    return switch (letter) {
      case "C", "c" -> ScannedFile.Kind.CREATED;
      case "M", "m" -> ScannedFile.Kind.MODIFIED;
      case "D", "d" -> ScannedFile.Kind.DELETED;
      case "=" -> ScannedFile.Kind.SAME;
      default -> throw new IOException("the guest's word on a file is malformed");
    };
  }
}
