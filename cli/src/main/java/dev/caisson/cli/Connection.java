package dev.caisson.cli;

import dev.caisson.client.CaissonClient;

/**
 * A client and whatever must be closed with it.
 *
 * @param image the image of containers that name none
 */
record Connection(CaissonClient client, String image, AutoCloseable underneath)
    implements AutoCloseable {
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
