package dev.caisson.store;

import dev.caisson.domain.CaissonException.InvalidRequest;
import java.sql.Types;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.argument.AbstractArgumentFactory;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.config.ConfigRegistry;

/**
 * Keeps the character NUL out of text columns. PostgreSQL refuses it in the middle of a
 * transaction, and SQLite's own functions end a text at it: so both refuse it here, in the same
 * words.
 */
final class Texts extends AbstractArgumentFactory<String> {
  private Texts() {
    super(Types.VARCHAR);
  }

  static Jdbi guard(Jdbi jdbi) {
    return jdbi.registerArgument(new Texts());
  }

  @Override
  protected Argument build(String value, ConfigRegistry config) {
    if (value.indexOf('\0') >= 0) {
      throw new InvalidRequest("a text with the character NUL cannot be stored or looked for");
    }
    return (position, statement, context) -> statement.setString(position, value);
  }
}
