package dev.caisson.store;

import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.HandleConsumer;

/**
 * Where the metadata stands. Safe for use from many threads; several processes may have it open.
 *
 * <p>Whatever is behind it, transactions that write run one at a time over all processes, and the
 * statements in them are such that SQLite and PostgreSQL both run: a store has each statement once.
 */
sealed interface Database extends AutoCloseable permits SqliteDatabase, PostgresDatabase {
  /** Reads in one consistent view. */
  <T> T read(HandleCallback<T, RuntimeException> query);

  /** Runs a transaction; one at a time, over all processes. */
  <T> T write(HandleCallback<T, RuntimeException> transaction);

  /** Like {@link #write}, for a transaction without a result. */
  default void change(HandleConsumer<RuntimeException> transaction) {
    write(handle -> {
      transaction.useHandle(handle);
      return true;
    });
  }

  @Override
  void close();
}
