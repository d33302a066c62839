package dev.caisson.testkit;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** The Maven artifacts that a CycloneDX bill of materials lists. */
final class BillOfMaterials {
  /** {@code pkg:maven/GROUP/ARTIFACT@VERSION?...}, see the package URL specification. */
  private static final Pattern PURL =
      Pattern.compile("pkg:maven/([^/@]+)/([^/@]+)@([^?#]+)(?:[?#].*)?");

  private BillOfMaterials() {}

  /**
   * A part of the application.
   *
   * @param name {@code group:artifact}
   */
  record Component(String name, String version) {}

  /** All components; throws HostUnfit when the file is no bill of materials. */
  static List<Component> read(Path path) {
    try {
      JsonNode json = Json.parse(Files.readAllBytes(path), path.toString());
      if (!json.path("bomFormat").asString("").equals("CycloneDX")) {
        throw new HostUnfit(path + " is no CycloneDX bill of materials");
      }
      List<Component> components =
          json.path("components")
              .valueStream()
              .map(component -> component(path, component.path("purl").asString("")))
              .toList();
      if (components.isEmpty()) {
        throw new HostUnfit(path + " lists no components");
      }
      return components;
    } catch (IOException | InvalidRequest e) {
      throw new HostUnfit(path + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Component component(Path path, String purl) {
    Matcher parts = PURL.matcher(purl);
    if (!parts.matches()) {
      throw new HostUnfit(path + ": '" + purl + "' is no Maven artifact, and cannot be checked");
    }
    return new Component(
        decoded(parts.group(1)) + ":" + decoded(parts.group(2)), decoded(parts.group(3)));
  }

  private static String decoded(String part) {
    return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
