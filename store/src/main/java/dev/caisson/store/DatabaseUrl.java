package dev.caisson.store;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Which PostgreSQL database holds the metadata, and how it is entered. Its text never shows the
 * password.
 *
 * <p>Two spellings are known: {@code postgres://user:password@host:port/database?sslmode=require},
 * as libpq has it (https://www.postgresql.org/docs/15/libpq-connect.html, "Connection URIs"), and
 * {@code jdbc:postgresql://host:port/database?user=..&password=..}, as the driver has it.
 */
public final class DatabaseUrl {
  private static final String HOST = "(?:[^\\[\\]@/?:,]+|\\[[^@/?]+\\])(?::\\d{1,5})?";
  private static final Pattern FORM =
      Pattern.compile(
          "(?:jdbc:postgresql|postgres|postgresql)://"
              + "(?:(?<user>[^:@/?]*)(?::(?<password>[^@/?]*))?@)?"
              + ("(?<hosts>" + HOST + "(?:," + HOST + ")*)")
              + "/(?<database>[^@/?\\p{Cntrl}]+)(?:\\?(?<parameters>.*))?");

  /** Names of libpq for what the driver calls otherwise. */
  private static final Map<String, String> DRIVER_NAMES =
      Map.of(
          "application_name", "ApplicationName",
          "connect_timeout", "connectTimeout",
          "search_path", "currentSchema");

  private final Map<String, String> properties;

  private DatabaseUrl(Map<String, String> properties) {
    this.properties = properties;
  }

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException whose message does not repeat the URL: a password may be in it
   */
  public static DatabaseUrl parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "not the URL of a PostgreSQL database; write postgres://user:password@host:port/database"
              + " with other characters than letters and digits in %-escapes");
    }
    // Only now, and without what may be secret: the driver logs a URL that it does not understand.
    Properties place =
        Driver.parseURL(
            "jdbc:postgresql://" + matcher.group("hosts") + "/" + matcher.group("database"), null);
    if (place == null) {
      throw new IllegalArgumentException("the host or the port of the database's URL is wrong");
    }
    Map<String, String> properties = new LinkedHashMap<>();
    place.stringPropertyNames().forEach(name -> properties.put(name, place.getProperty(name)));
    put(properties, PGProperty.USER, matcher.group("user"));
    put(properties, PGProperty.PASSWORD, matcher.group("password"));
    String parameters = matcher.group("parameters");
    if (parameters != null && !parameters.isEmpty()) {
      for (String parameter : parameters.split("&", -1)) {
        addParameter(properties, parameter);
      }
    }
    return new DatabaseUrl(properties);
  }

  private static void put(
      Map<String, String> properties, PGProperty property, @Nullable String raw) {
    if (raw != null && !raw.isEmpty()) {
      properties.put(property.getName(), decode(raw));
    }
  }

  private static void addParameter(Map<String, String> properties, String parameter) {
    int equals = parameter.indexOf('=');
    String given = equals < 0 ? parameter : decode(parameter.substring(0, equals));
    String name = DRIVER_NAMES.getOrDefault(given, given);
    if (equals < 0 || PGProperty.forName(name) == null) {
      throw new IllegalArgumentException(
          "the database's URL has the parameter '" + given + "', which the driver does not know");
    }
    properties.put(name, decode(parameter.substring(equals + 1)));
  }

  private static String decode(String text) {
    // A plus stands for itself in a URI; only forms make a space of it.
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Where connections come from; each is a new one. */
  PGSimpleDataSource dataSource() {
    PGSimpleDataSource source = new PGSimpleDataSource();
    try {
      for (Map.Entry<String, String> property : properties.entrySet()) {
        source.setProperty(property.getKey(), property.getValue());
      }
    } catch (SQLException e) {
      throw new IllegalArgumentException("the database's URL: " + e.getMessage(), e);
    }
    return source;
  }

  /** Whether the URL itself says something of that property. */
  boolean sets(PGProperty property) {
    return properties.containsKey(property.getName());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DatabaseUrl url && properties.equals(url.properties);
  }

  @Override
  public int hashCode() {
    return properties.hashCode();
  }

  /** Without the password and without parameters. */
  @Override
  public String toString() {
    String user =
        Optional.ofNullable(properties.get(PGProperty.USER.getName()))
            .map(name -> name + "@")
            .orElse("");
    PGSimpleDataSource source = dataSource();
    StringBuilder hosts = new StringBuilder();
    String[] names = source.getServerNames();
    for (int i = 0; i < names.length; i++) {
      hosts
          .append(i == 0 ? "" : ",")
          .append(names[i])
          .append(':')
          .append(source.getPortNumbers()[i]);
    }
    return "postgres://" + user + hosts + "/" + source.getDatabaseName();
  }
}
