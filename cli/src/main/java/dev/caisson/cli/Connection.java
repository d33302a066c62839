package dev.caisson.cli;

import dev.caisson.client.CaissonClient;

/**
 * A client and whatever must be closed after it.
 *
 * @param image the image of containers that name none
 * @param afterwards closes what the client stands on
 */
record Connection(CaissonClient client, String image, Runnable afterwards)
    implements AutoCloseable {
  @Override
  public void close() {
    try {
      client.close();
    } finally {
      afterwards.run();
    }
  }
}
