package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packages of an image, in the form of a pip requirements file with its includes pulled in.
 *
 * @param lines the file's lines without comments and blank ones
 * @param base relative paths start here
 * @param wheels whether packages that would have to be compiled are left out
 * @param source whose list it is
 */
public record Requirements(List<Line> lines, Path base, Wheels wheels, Source source) {
  /** Whether source packages are accepted, which run code of theirs on this host to be built. */
  public enum Wheels {
    ONLY,
    PREFERRED
  }

  /**
   * Whose list it is. An image of a list that Caisson ships may lack packages that cannot be had;
   * what an operator names is all wanted.
   */
  public enum Source {
    STANDARD,
    FULL,
    OPERATOR
  }

  /**
   * One line.
   *
   * @param name the package, normalized; empty when the line is an option, a path or a URL
   * @param dependency whether it is there for another's sake ({@code # via ...})
   */
  public record Line(String text, Optional<String> name, boolean dependency) {
    private static final Pattern NAMED =
        Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]*)\\s*(\\[[^]]*])?\\s*([<>=!~;@,(].*)?");

    private static final Pattern ARCHIVE = Pattern.compile("^\\S+\\.(whl|zip|tar\\.\\w+|tgz)$");

    static Line parse(String text, boolean dependency) {
      Matcher matcher = NAMED.matcher(text);
      Optional<String> name =
          matcher.matches() && !ARCHIVE.matcher(text).find()
              ? Optional.of(PackageName.normalize(matcher.group(1)))
              : Optional.empty();
      return new Line(text, name, dependency);
    }

    boolean isOption() {
      return text.startsWith("-");
    }

    /** The line as a constraint on other packages' choices; those know no extras and no paths. */
    Optional<String> constraint() {
      return name.isPresent() && !text.contains("@")
          ? Optional.of(text.replaceFirst("\\[[^]]*]", ""))
          : Optional.empty();
    }
  }

  /** How deep one file may include another. */
  private static final int INCLUDE_DEPTH = 8;

  private static final Pattern COMMENT = Pattern.compile("(^|\\s)#(.*)$");
  private static final Pattern INCLUDE = Pattern.compile("(?:-r\\s*|--requirement[\\s=]+)(\\S.*)");
  private static final Pattern EDITABLE = Pattern.compile("(?:-e\\s*|--editable[\\s=]+)\\S.*");

  public Requirements {
    lines = List.copyOf(lines);
  }

  /** numpy, pandas, pyarrow and matplotlib, pinned. */
  public static Requirements standard() {
    return shipped("requirements-default.txt", Source.STANDARD);
  }

  /** The libraries of the hosted service's container, pinned. */
  public static Requirements full() {
    return shipped("requirements-full.txt", Source.FULL);
  }

  /**
   * Reads a requirements file; whatever pip allows is allowed, since it is the operator's own,
   * except editable installs, whose source the sandbox could not see.
   *
   * @throws CaissonException.InvalidRequest when it cannot be read; names file and line
   */
  public static Requirements of(Path file) {
    Path absolute = file.toAbsolutePath().normalize();
    Path base = Optional.ofNullable(absolute.getParent()).orElse(Path.of("/"));
    List<Line> lines = new ArrayList<>();
    read(absolute, lines, 0);
    return new Requirements(lines, base, Wheels.PREFERRED, Source.OPERATOR);
  }

  /** What pip is given. */
  String text() {
    return String.join("\n", lines.stream().map(Line::text).toList()) + "\n";
  }

  /** Whether an image may come without packages that cannot be had. */
  boolean mayLackPackages() {
    return source != Source.OPERATOR;
  }

  /**
   * The lines that name what is wanted, without options and, in a list of ours, without what others
   * need.
   */
  List<Line> wanted() {
    return lines.stream()
        .filter(line -> !line.isOption())
        .filter(line -> source == Source.OPERATOR || !line.dependency())
        .toList();
  }

  /** How many packages there will be at least; lines for other versions of Python count once. */
  int expected() {
    return (int) lines.stream().flatMap(line -> line.name().stream()).distinct().count();
  }

  /** The archives on this host that lines name. */
  List<Path> archives() {
    return lines.stream()
        .filter(line -> line.name().isEmpty() && !line.isOption())
        .filter(line -> !line.text().contains("://"))
        .map(line -> base.resolve(line.text()))
        .filter(Files::isRegularFile)
        .toList();
  }

  /** Whether the file itself says where packages come from. */
  boolean namesItsSources() {
    return lines.stream()
        .anyMatch(line ->
            line.text().startsWith("-i")
                || line.text().startsWith("-f")
                || line.text().startsWith("--index-url")
                || line.text().startsWith("--extra-index-url")
                || line.text().startsWith("--find-links")
                || line.text().startsWith("--no-index")
                || (line.name().isEmpty() && !line.isOption())
                || line.text().contains("://"));
  }

  private static Requirements shipped(String resource, Source source) {
    List<Line> lines = new ArrayList<>();
    for (String raw : Resources.text(resource).lines().toList()) {
      Matcher include = INCLUDE.matcher(raw);
      if (include.matches()) {
        lines.addAll(shipped(include.group(1), source).lines());
      } else {
        line(raw).ifPresent(lines::add);
      }
    }
    return new Requirements(lines, Path.of("/"), Wheels.ONLY, source);
  }

  private static void read(Path file, List<Line> into, int depth) {
    if (depth > INCLUDE_DEPTH) {
      throw new CaissonException.InvalidRequest(
          "requirements file " + file + ": includes go deeper than " + INCLUDE_DEPTH);
    }
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      throw new CaissonException.InvalidRequest("requirements file " + file + " is not UTF-8");
    } catch (IOException e) {
      throw new CaissonException.InvalidRequest(
          "requirements file " + file + " cannot be read: " + reason(e));
    }
    int number = 0;
    // pip joins a line that ends in a backslash with the next one before it reads either.
    for (String raw : text.replace("\\\r\n", " ").replace("\\\n", " ").lines().toList()) {
      number++;
      Optional<Line> line = line(raw);
      if (line.isEmpty()) {
        continue;
      }
      String content = line.get().text();
      Matcher include = INCLUDE.matcher(content);
      if (content.indexOf('\0') >= 0) {
        throw new CaissonException.InvalidRequest(
            "requirements file " + file + " line " + number + ": NUL character");
      } else if (EDITABLE.matcher(content).matches()) {
        throw new CaissonException.InvalidRequest(
            "requirements file "
                + file
                + " line "
                + number
                + ": an editable install cannot go into an image: "
                + content);
      } else if (include.matches() && !include.group(1).contains("://")) {
        read(file.resolveSibling(include.group(1)).normalize(), into, depth + 1);
      } else {
        into.add(line.get());
      }
    }
  }

  /** A message of the JDK may be the file's name alone. */
  private static String reason(IOException failure) {
    return switch (failure) {
      case NoSuchFileException e -> "no such file";
      case AccessDeniedException e -> "permission denied";
      case FileSystemException e when e.getReason() != null -> e.getReason();
      default -> String.valueOf(failure.getMessage());
    };
  }

  private static Optional<Line> line(String raw) {
    Matcher comment = COMMENT.matcher(raw);
    boolean commented = comment.find();
    String text = (commented ? raw.substring(0, comment.start()) : raw).strip();
    boolean dependency = commented && comment.group(2).strip().startsWith("via ");
    return text.isEmpty() ? Optional.empty() : Optional.of(Line.parse(text, dependency));
  }
}
