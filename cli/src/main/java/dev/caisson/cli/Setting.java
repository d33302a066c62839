package dev.caisson.cli;

import java.util.Locale;

/**
 * Every setting, in one place: its key in {@code caisson.yaml}, its variable, its default and what
 * it is.
 */
enum Setting {
  DATA("~/.caisson", "the data directory"),
  DATABASE_URL("", "the PostgreSQL database that holds the metadata in place of a file"),
  IMAGES("~/.cache/caisson/images", "where images are kept, shared between data directories"),
  IMAGE(
      "default", "the image of containers that name none, or a directory with a root file system"),
  HOST("127.0.0.1", "the address that serve listens on"),
  PORT("8787", "the port that serve listens on; 0 picks a free one"),
  URL("", "the server that client commands use"),
  API_KEY("", "the key for that server"),
  UPSTREAM_URL("", "a server of the Messages API whose models write the code"),
  UPSTREAM_API_KEY("", "the key for the upstream"),
  CELL_LIMIT("90s", "wall clock of one cell"),
  CALL_LIMIT("270s", "how long code waits for a tool of the client"),
  INVOCATION_LIMIT("1h", "how long code may go on, with all that it waits for"),
  INTERRUPT_GRACE("2s", "how long an interrupted cell may take to end before it is killed"),
  RETENTION("30d", "how long a container lives"),
  TOMBSTONES("365d", "how long it is remembered why a container ended, and what it held"),
  IDLE("5m", "how long a container stays warm without work"),
  STOP_GRACE("30s", "how long requests that run may go on when serve is stopped"),
  ORPHAN("60s", "how long sandboxes wait for a server that died"),
  MEMORY("5GiB", "memory of a container"),
  CPUS("1", "cores' worth of time of a container"),
  PROCESSES("256", "processes and threads of a container"),
  DISK("5GiB", "files of a container, all together"),
  DISK_WALL(
      "auto",
      "what holds that limit: loop (the kernel, by a file system for each container), watchdog, or"
          + " auto: loop where this host can"),
  DISK_FLOOR("1GiB", "free space under which nothing new is taken in"),
  STATE_SIZE("1GiB", "saved of the variables of a container's interpreter"),
  STATE_TIME("30s", "how long saving variables, or bringing them back, may take"),
  OUTPUT("1MiB", "kept of each output stream of a cell"),
  QUEUE("32", "cells that may wait for one container"),
  MAX_FILE("500MiB", "size of one stored file"),
  STORAGE("1TiB", "all stored files of one organization"),
  ORGANIZATION_CONTAINERS("1000000", "containers of one organization that live"),
  ORGANIZATION_WARM("256", "containers of one organization that are warm at the same time"),
  ORGANIZATION_CELLS("256", "cells of one organization that run or wait at the same time"),
  ORGANIZATION_REQUESTS("60000", "requests that one organization may make in a minute"),
  BILLING_MINIMUM("5m", "billed at least for a request, or for a warm period"),
  BILLING_MINIMUM_SCOPE(
      "request",
      "what the minimum is billed for: each request, or once for a container's warm period"),
  BILLING_FREE("1550h", "free time of an organization in a month"),
  BILLING_PRICE("0.05", "dollars for an hour of a container beyond the free time"),
  BATCH_PARALLELISM("4", "requests of message batches that are answered at once"),
  KEY_REQUESTS("60000", "requests that one API key may make in a minute"),
  KEY_CELLS("256", "requests of one API key that may run code at the same time"),
  METRICS_TOKEN("", "lets a caller of any address see /metrics, as a bearer token");

  private final String defaultValue;
  private final String description;

  Setting(String defaultValue, String description) {
    this.defaultValue = defaultValue;
    this.description = description;
  }

  /** The key in {@code caisson.yaml}, such as {@code cell-limit}. */
  String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The environment variable, such as {@code CAISSON_CELL_LIMIT}. */
  String variable() {
    return "CAISSON_" + name();
  }

  /** The value without any setting; empty when there is none. */
  String defaultValue() {
    return defaultValue;
  }

  String description() {
    return description;
  }
}
