package dev.caisson.engine;

import dev.caisson.domain.Batch;
import dev.caisson.domain.BatchId;
import dev.caisson.domain.BatchItem;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.OrganizationId;
import dev.caisson.store.BatchStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A batch whose requests are coming in. Nobody sees it before it is made; closing it before that
 * leaves nothing behind. For use by one thread.
 */
public final class BatchDraft implements AutoCloseable {
  private static final int MAX_REQUESTS = 100_000;
  private static final Pattern CUSTOM_ID = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

  /** One transaction writes so much, and holds up others for milliseconds. */
  private static final int CHUNK_CHARS = 4 << 20;

  private static final int CHUNK_ITEMS = 500;

  private final Batches batches;
  private final BatchStore store;
  private final OrganizationId organization;
  private final BatchId id;
  private final Map<String, Integer> positions = new HashMap<>();
  private final List<BatchItem> waiting = new ArrayList<>();
  private int waitingChars;
  private boolean made;

  BatchDraft(Batches batches, BatchStore store, OrganizationId organization, BatchId id) {
    this.batches = batches;
    this.store = store;
    this.organization = organization;
    this.id = id;
  }

  /** Adds a request; throws InvalidRequest by its path. */
  public void add(BatchItem item) {
    int position = positions.size();
    if (position == MAX_REQUESTS) {
      throw new InvalidRequest("requests: at most " + MAX_REQUESTS + " requests");
    }
    String path = "requests." + position + ".custom_id: ";
    if (!CUSTOM_ID.matcher(item.customId()).matches()) {
      throw new InvalidRequest(path + "String should match pattern '^" + CUSTOM_ID + "$'");
    }
    Integer other = positions.putIfAbsent(item.customId(), position);
    if (other != null) {
      throw new InvalidRequest(path + "'" + item.customId() + "' is that of requests." + other);
    }
    waiting.add(item);
    waitingChars += item.params().length();
    if (waitingChars >= CHUNK_CHARS || waiting.size() == CHUNK_ITEMS) {
      flush();
    }
  }

  private void flush() {
    store.add(id, positions.size() - waiting.size(), waiting);
    waiting.clear();
    waitingChars = 0;
  }

  /** All requests are there: the batch is made and begins to run. */
  public Batch make() {
    if (positions.isEmpty()) {
      throw new InvalidRequest("requests: at least one request is required");
    }
    flush();
    Batch batch = batches.made(organization, id);
    made = true;
    return batch;
  }

  @Override
  public void close() {
    if (!made) {
      store.delete(id);
    }
  }
}
