package dev.caisson.store;

import dev.caisson.domain.CaissonException.HostUnfit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A data directory opened by one owner: its metadata, its content and who else works on it. Closing
 * it gives up the ownership. Safe for use from many threads.
 */
public final class Store implements AutoCloseable {
  private final DataDirectory directory;
  private final Owners owners;
  private final Owners.Owner owner;
  private final Database database;
  private final DiskReserve reserve;
  private final Blobs blobs;
  private final OrganizationStore organizations;
  private final KeyStore keys;
  private final ContainerStore containers;
  private final CellStore cells;
  private final WorkspaceFileStore workspaceFiles;
  private final FileStore files;
  private final SkillStore skills;
  private final BatchStore batches;
  private final IdempotencyStore idempotency;
  private final LedgerStore ledger;
  private final ForkStore forks;
  private final JournalStore journal;

  private Store(
      DataDirectory directory,
      Owners owners,
      Owners.Owner owner,
      Database database,
      DiskReserve reserve) {
    this.directory = directory;
    this.reserve = reserve;
    this.owners = owners;
    this.owner = owner;
    this.database = database;
    this.blobs = new Blobs(directory.blobs(), owner.id());
    this.organizations = new OrganizationStore(database);
    this.keys = new KeyStore(database);
    this.containers = new ContainerStore(database);
    this.cells = new CellStore(database);
    this.workspaceFiles = new WorkspaceFileStore(database);
    this.files = new FileStore(database);
    this.skills = new SkillStore(database);
    this.batches = new BatchStore(database);
    this.idempotency = new IdempotencyStore(database);
    this.ledger = new LedgerStore(database);
    this.forks = new ForkStore(database);
    this.journal = new JournalStore(database);
  }

  /**
   * Opens a data directory, making it when there is none; throws HostUnfit when it cannot be used.
   */
  public static Store open(Path data) {
    return open(DataDirectory.open(data));
  }

  public static Store open(DataDirectory directory) {
    return open(directory, Optional.empty());
  }

  /**
   * Opens a data directory whose metadata is in a PostgreSQL database; throws HostUnfit when either
   * cannot be used or they do not belong together.
   */
  public static Store open(DataDirectory directory, Optional<DatabaseUrl> url) {
    return open(directory, url, Leases.LENGTH);
  }

  static Store open(DataDirectory directory, Optional<DatabaseUrl> url, Duration lease) {
    return url.isPresent() ? openPostgres(directory, url.get(), lease) : openSqlite(directory);
  }

  private static Store openSqlite(DataDirectory directory) {
    DatabaseMark.requireNone(directory);
    DiskReserve reserve = DiskReserve.prepare(directory.root());
    Owners owners = new Owners(directory.run(), Optional.empty());
    return enter(directory, owners, SqliteDatabase.open(directory.database(), reserve), reserve);
  }

  private static Store openPostgres(DataDirectory directory, DatabaseUrl url, Duration lease) {
    DatabaseMark.requireNoFile(directory, url);
    PostgresDatabase database = PostgresDatabase.open(url);
    boolean done = false;
    try {
      DiskReserve reserve = DiskReserve.prepare(directory.root());
      DatabaseMark.bind(directory, url, database);
      Owners owners = new Owners(directory.run(), Optional.of(new Leases(database, lease)));
      Store store = enter(directory, owners, database, reserve);
      database.fence(store.owner.id());
      done = true;
      return store;
    } finally {
      if (!done) {
        database.close();
      }
    }
  }

  private static Store enter(
      DataDirectory directory, Owners owners, Database database, DiskReserve reserve) {
    return new Store(directory, owners, owners.enter(), database, reserve);
  }

  public DataDirectory directory() {
    return directory;
  }

  public DiskReserve reserve() {
    return reserve;
  }

  public Owners owners() {
    return owners;
  }

  /** Who we are among the owners. */
  public Owners.Owner owner() {
    return owner;
  }

  public Blobs blobs() {
    return blobs;
  }

  public OrganizationStore organizations() {
    return organizations;
  }

  public KeyStore keys() {
    return keys;
  }

  public ContainerStore containers() {
    return containers;
  }

  public CellStore cells() {
    return cells;
  }

  public WorkspaceFileStore workspaceFiles() {
    return workspaceFiles;
  }

  public FileStore files() {
    return files;
  }

  public SkillStore skills() {
    return skills;
  }

  public BatchStore batches() {
    return batches;
  }

  public IdempotencyStore idempotency() {
    return idempotency;
  }

  public LedgerStore ledger() {
    return ledger;
  }

  public ForkStore forks() {
    return forks;
  }

  public JournalStore journal() {
    return journal;
  }

  /** Clears away what dead owners left half done in the store itself. */
  public void sweep() {
    owners.sweep();
    files.abandonReservationsOf(owners);
    blobs.sweep(owners);
    files.collectGarbage(blobs);
    reserve.restore();
  }

  /**
   * Writes the metadata as it is at one instant to a file that does not exist yet; throws HostUnfit
   * when it stands in a database server.
   */
  void snapshot(Path file) {
    switch (database) {
      case SqliteDatabase sqlite -> sqlite.snapshot(file);
      case PostgresDatabase _ ->
          throw new HostUnfit(
              "the metadata of data directory "
                  + directory.root()
                  + " is in PostgreSQL, which this does not back up: stop the servers, then pg_dump"
                  + " the database and copy the data directory");
    }
  }

  /**
   * Begins a backup, with the metadata of this moment; the caller holds all content until it ends.
   *
   * @param path of a directory of this host, absolute; empty or not there yet
   */
  public Backup beginBackup(String path) {
    return Backup.begin(this, path);
  }

  @Override
  public void close() {
    try {
      owner.close();
    } finally {
      database.close();
    }
  }
}
