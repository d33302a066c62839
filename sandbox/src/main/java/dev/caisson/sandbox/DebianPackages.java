package dev.caisson.sandbox;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What Debian and its kin call Python packages that we may be asked for. */
final class DebianPackages {
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("numpy", "python3-numpy"),
          Map.entry("pandas", "python3-pandas"),
          Map.entry("matplotlib", "python3-matplotlib"),
          Map.entry("scipy", "python3-scipy"),
          Map.entry("scikit-learn", "python3-sklearn"),
          Map.entry("statsmodels", "python3-statsmodels"),
          Map.entry("seaborn", "python3-seaborn"),
          Map.entry("openpyxl", "python3-openpyxl"),
          Map.entry("xlsxwriter", "python3-xlsxwriter"),
          Map.entry("xlrd", "python3-xlrd"),
          Map.entry("pillow", "python3-pil"),
          Map.entry("python-docx", "python3-docx"),
          Map.entry("pypdf", "python3-pypdf"),
          Map.entry("reportlab", "python3-reportlab"),
          Map.entry("sympy", "python3-sympy"),
          Map.entry("mpmath", "python3-mpmath"),
          Map.entry("tqdm", "python3-tqdm"),
          Map.entry("python-dateutil", "python3-dateutil"),
          Map.entry("pytz", "python3-tz"),
          Map.entry("joblib", "python3-joblib"));

  private DebianPackages() {}

  /** Those of the packages that the system has, where it has apt. */
  static List<String> among(Collection<String> names) {
    return Files.isExecutable(Path.of("/usr/bin/apt-get"))
        ? names.stream().filter(NAMES::containsKey).toList()
        : List.of();
  }

  /** The command that installs them. */
  static String install(Collection<String> names) {
    List<String> packages =
        names.stream().map(NAMES::get).filter(Objects::nonNull).distinct().toList();
    return "apt-get install " + String.join(" ", packages);
  }
}
