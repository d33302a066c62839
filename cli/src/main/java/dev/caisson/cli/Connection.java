package dev.caisson.cli;

import dev.caisson.client.CaissonClient;

/** A client and whatever must be closed with it. */
record Connection(CaissonClient client, AutoCloseable underneath) implements AutoCloseable {
  @Override
  public void close() {
    try (underneath;
        client) {
      // Closed in reverse order: the client first.
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("closing a connection failed", e);
    }
  }
}
