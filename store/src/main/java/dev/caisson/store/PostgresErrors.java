package dev.caisson.store;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.Unavailable;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * What PostgreSQL's errors mean, by their codes
 * (https://www.postgresql.org/docs/15/errcodes-appendix.html).
 */
final class PostgresErrors {
  /** The server ended the connection: it shuts down, or we hung in a transaction. */
  private static final Set<String> ENDED = Set.of("57P01", "57P02", "57P03", "57P05", "25P03");

  private PostgresErrors() {}

  /** An error of a transaction: nothing of it was kept, unless the connection broke in its end. */
  static CaissonException translate(DatabaseUrl url, Throwable failure) {
    Optional<SQLException> sql = deepest(failure);
    if (sql.isEmpty()) {
      return new Internal("database " + url + ": " + line(failure), failure);
    }
    SQLException e = sql.get();
    String state = String.valueOf(e.getSQLState());
    return switch (state) {
      case "55P03" ->
          new Busy(
              "database "
                  + url
                  + " was busy for "
                  + PostgresDatabase.LOCK_PATIENCE.toSeconds()
                  + "s",
              Duration.ofSeconds(1));
      case "53100" -> new Unavailable("database " + url + " has no space left", e);
      case "53300", "40001", "40P01" -> unavailable(url, e);
      case String ended when ENDED.contains(ended) -> unavailable(url, e);
      default ->
          switch (state.substring(0, 2)) {
            case "08" -> unavailable(url, e);
            case "28", "3D", "42", "XX" -> new HostUnfit("database " + url + ": " + line(e), e);
            default -> new Internal("database " + url + ": " + line(e), e);
          };
    };
  }

  /** Whether the connection is of no use any more. */
  static boolean broken(Throwable failure) {
    return deepest(failure)
        .map(e -> String.valueOf(e.getSQLState()))
        .filter(state -> state.startsWith("08") || ENDED.contains(state))
        .isPresent();
  }

  /** An error of a further connection. */
  static CaissonException atConnecting(DatabaseUrl url, Throwable failure) {
    return deepest(failure).isPresent()
        ? translate(url, failure)
        : new Unavailable("database " + url + " cannot be reached: " + line(failure), failure);
  }

  private static Unavailable unavailable(DatabaseUrl url, SQLException e) {
    return new Unavailable("database " + url + " cannot be reached: " + line(e), e);
  }

  /** An error of the first connection: there is nothing to wait for. */
  static HostUnfit atStart(DatabaseUrl url, SQLException e) {
    return new HostUnfit(
        switch (translate(url, e)) {
          case HostUnfit unfit -> unfit.getMessage();
          case Unavailable unavailable -> unavailable.getMessage();
          default -> "database " + url + " cannot be used: " + line(e);
        },
        e);
  }

  /** The pool wraps what the server said in an error of its own that says only that it waited. */
  private static Optional<SQLException> deepest(Throwable failure) {
    Optional<SQLException> found = Optional.empty();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        found = Optional.of(sql);
      }
    }
    return found;
  }

  private static String line(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
  }
}
