package dev.caisson.sandbox;

import java.util.List;

/**
 * What a build put into a layer.
 *
 * @param packages {@code name==version}
 * @param missing what was wanted and could not be had, by name or as its line says
 */
record Layer(Origin origin, List<String> packages, List<String> missing) {
  enum Origin {
    /** All that was wanted. */
    COMPLETE,
    /** Some of it: an index answered but did not have the rest. */
    PARTIAL,
    /** Nothing; what the host's own Python has must do. */
    HOST
  }

  Layer {
    packages = List.copyOf(packages);
    missing = List.copyOf(missing);
  }

  /**
   * The digest of what came of it: a layer that is not what was asked for must never be taken for
   * it, and one that leans on the host changes with the host.
   *
   * @param wanted digest of what was asked for
   */
  String digest(String wanted, InstalledPackages host) {
    return switch (origin) {
      case COMPLETE -> wanted;
      case PARTIAL -> new Digest().add("partial").add(wanted).add(packages).hex();
      case HOST -> new Digest().add("host").add(wanted).add(host.fingerprint()).hex();
    };
  }
}
