package dev.caisson.cli;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.Durations;
import dev.caisson.domain.Limits;
import dev.caisson.domain.MinimumScope;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.OrganizationLimits;
import dev.caisson.domain.StateLimits;
import dev.caisson.domain.Tariff;
import dev.caisson.engine.CallLimits;
import dev.caisson.sandbox.DiskWall;
import dev.caisson.store.DatabaseUrl;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The settings in force: defaults, then {@code caisson.yaml}, then {@code CAISSON_*} variables,
 * then flags. Reading a value that does not parse throws {@link UsageException} that names where it
 * stands.
 */
final class Settings {
  /** Where settings are read from when {@code CAISSON_CONFIG} names no file. */
  static final String FILE_NAME = "caisson.yaml";

  private record Value(String text, String origin) {}

  private final Map<Setting, Value> values;
  private final String home;

  private Settings(Map<Setting, Value> values, String home) {
    this.values = values;
    this.home = home;
  }

  /**
   * Reads file and environment.
   *
   * @param workingDirectory where {@code caisson.yaml} is looked for
   */
  static Settings read(Path workingDirectory, Map<String, String> environment) {
    Map<Setting, Value> values = new EnumMap<>(Setting.class);
    String named = environment.get("CAISSON_CONFIG");
    Path file = workingDirectory.resolve(named == null ? FILE_NAME : named);
    if (named != null || Files.exists(file)) {
      readFile(file, values);
    }
    for (Setting setting : Setting.values()) {
      String text = environment.get(setting.variable());
      if (text != null && !text.isBlank()) {
        values.put(setting, new Value(text.strip(), setting.variable()));
      }
    }
    // What the shell and pip call home; Java's own idea of it comes from the password file.
    String home = environment.getOrDefault("HOME", System.getProperty("user.home"));
    return new Settings(values, home);
  }

  private static void readFile(Path file, Map<Setting, Value> values) {
    JsonNode tree;
    try {
      tree = YAMLMapper.builder().build().readTree(Files.readString(file));
    } catch (IOException e) {
      throw new UsageException("cannot read " + file + ": " + e.getMessage());
    } catch (JacksonException e) {
      throw new UsageException(file + " is no YAML: " + e.getOriginalMessage());
    }
    if (tree == null || tree.isMissingNode() || tree.isNull()) {
      return;
    }
    if (!tree.isObject()) {
      throw new UsageException(file + ": expected settings, one `key: value` a line");
    }
    Map<String, Setting> byKey =
        Stream.of(Setting.values()).collect(Collectors.toMap(Setting::key, Function.identity()));
    for (Map.Entry<String, JsonNode> property : tree.properties()) {
      Setting setting = byKey.get(property.getKey());
      if (setting == null) {
        throw new UsageException(
            file
                + ": unknown setting '"
                + property.getKey()
                + "'; there are: "
                + Stream.of(Setting.values()).map(Setting::key).collect(Collectors.joining(", ")));
      }
      if (!property.getValue().isValueNode()) {
        throw new UsageException(file + ": " + setting.key() + " takes one plain value");
      }
      values.put(setting, new Value(property.getValue().asString(), file + ": " + setting.key()));
    }
  }

  /** The same settings with a flag's value on top; an empty one changes nothing. */
  Settings with(Setting setting, Optional<String> flag) {
    if (flag.isEmpty()) {
      return this;
    }
    Map<Setting, Value> changed = new EnumMap<>(Setting.class);
    changed.putAll(values);
    changed.put(setting, new Value(flag.get(), "--" + setting.key()));
    return new Settings(changed, home);
  }

  Path path(Setting setting) {
    String text = text(setting);
    return Path.of(text.equals("~") || text.startsWith("~/") ? home + text.substring(1) : text)
        .toAbsolutePath()
        .normalize();
  }

  String text(Setting setting) {
    Value value = values.get(setting);
    return value == null ? setting.defaultValue() : value.text();
  }

  /** The value, or empty when the setting has neither a value nor a default. */
  Optional<String> optional(Setting setting) {
    return Optional.of(text(setting)).filter(text -> !text.isEmpty());
  }

  Optional<URI> uri(Setting setting) {
    return optional(setting)
        .map(text ->
            parse(
                setting,
                raw -> {
                  URI uri =
                      URI.create(raw.endsWith("/") ? raw.substring(0, raw.length() - 1) : raw);
                  if (uri.getHost() == null
                      || !String.valueOf(uri.getScheme()).startsWith("http")) {
                    throw new IllegalArgumentException("not an http:// or https:// URL");
                  }
                  return uri;
                }));
  }

  /**
   * The database server for the metadata. A message must not repeat the text: it has a password.
   */
  Optional<DatabaseUrl> database() {
    try {
      return optional(Setting.DATABASE_URL).map(DatabaseUrl::parse);
    } catch (IllegalArgumentException e) {
      Value value = values.get(Setting.DATABASE_URL);
      throw new UsageException((value == null ? "" : value.origin() + ": ") + e.getMessage());
    }
  }

  Duration duration(Setting setting) {
    return parse(setting, Durations::parse);
  }

  ByteSize size(Setting setting) {
    return parse(setting, ByteSize::parse);
  }

  int integer(Setting setting, int least, int most) {
    return parse(
        setting,
        text -> {
          int number = Integer.parseInt(text);
          if (number < least || number > most) {
            throw new IllegalArgumentException("must be between " + least + " and " + most);
          }
          return number;
        });
  }

  double number(Setting setting, double least, double most) {
    return parse(
        setting,
        text -> {
          double number = Double.parseDouble(text);
          if (!(number >= least && number <= most)) {
            throw new IllegalArgumentException("must be between " + least + " and " + most);
          }
          return number;
        });
  }

  Limits limits() {
    return new Limits(
        parse(Setting.CELL_LIMIT, Settings::positive),
        duration(Setting.INTERRUPT_GRACE),
        size(Setting.MEMORY),
        number(Setting.CPUS, 0.01, 4096),
        integer(Setting.PROCESSES, 8, 4_000_000),
        size(Setting.DISK),
        size(Setting.OUTPUT),
        StateLimits.DEFAULT
            .withSize(size(Setting.STATE_SIZE))
            .withTime(parse(Setting.STATE_TIME, Settings::positive)));
  }

  /** What an organization may have and do that has no limits of its own. */
  OrganizationLimits organizationLimits() {
    return new OrganizationLimits(
        Map.of(
            OrganizationLimit.CONTAINERS,
            (long) integer(Setting.ORGANIZATION_CONTAINERS, 0, Integer.MAX_VALUE),
            OrganizationLimit.WARM,
            (long) integer(Setting.ORGANIZATION_WARM, 1, 1_000_000),
            OrganizationLimit.CELLS,
            (long) integer(Setting.ORGANIZATION_CELLS, 1, 1_000_000),
            OrganizationLimit.STORAGE,
            size(Setting.STORAGE).bytes(),
            OrganizationLimit.REQUESTS,
            (long) integer(Setting.ORGANIZATION_REQUESTS, 1, 1_000_000_000)));
  }

  /** How long code may wait for tools of the client. */
  CallLimits callLimits() {
    return new CallLimits(
        parse(Setting.CALL_LIMIT, Settings::positive),
        parse(Setting.INVOCATION_LIMIT, Settings::positive));
  }

  /** What holds the limit on a container's files. */
  DiskWall diskWall() {
    return parse(Setting.DISK_WALL, DiskWall::parse);
  }

  /** What is billed. */
  Tariff tariff() {
    return new Tariff(
        duration(Setting.BILLING_MINIMUM),
        parse(Setting.BILLING_MINIMUM_SCOPE, MinimumScope::parse),
        duration(Setting.BILLING_FREE),
        parse(Setting.BILLING_PRICE, Tariff::parsePrice));
  }

  private static Duration positive(String text) {
    Duration value = Durations.parse(text);
    if (!value.isPositive()) {
      throw new IllegalArgumentException("must be longer than nothing");
    }
    return value;
  }

  private <T> T parse(Setting setting, Function<String, T> parser) {
    String text = text(setting);
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      Value value = values.get(setting);
      String origin = value == null ? setting.key() : value.origin();
      String problem =
          e instanceof NumberFormatException ? "not a number" : String.valueOf(e.getMessage());
      throw new UsageException(origin + "='" + text + "': " + problem);
    }
  }
}
