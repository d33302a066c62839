package dev.caisson.engine;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CursorPage;
import dev.caisson.domain.CursorRequest;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import dev.caisson.store.Blobs;
import dev.caisson.store.FileStore;
import dev.caisson.store.Store;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Stored files: uploads and what cells made. Safe for use from many threads. */
public final class Files {
  /** The hosted Files API takes {@code expires_in_seconds} from 3600 to 7776000. */
  private static final Duration MIN_EXPIRY = Duration.ofHours(1);

  private static final Duration MAX_EXPIRY = Duration.ofDays(90);

  /** After its expiry a file is still listed for that long, as on the hosted service. */
  private static final Duration LISTED_AFTER_EXPIRY = Duration.ofDays(30);

  private static final int MAX_MIME_TYPE_CHARACTERS = 255;
  private static final String UNKNOWN_MIME_TYPE = "application/octet-stream";

  private final EngineSettings settings;
  private final Organizations organizations;
  private final HostDisk disk;
  private final FileStore store;
  private final Blobs blobs;
  private final String self;
  private final InstantSource clock;

  Files(
      EngineSettings settings,
      Organizations organizations,
      HostDisk disk,
      Store store,
      InstantSource clock) {
    this.settings = settings;
    this.disk = disk;
    this.organizations = organizations;
    this.store = store.files();
    this.blobs = store.blobs();
    this.self = store.owner().id();
    this.clock = clock;
  }

  /** Stores an upload; throws InvalidRequest for a bad name, TooLarge over the limit. */
  public StoredFile upload(
      OrganizationId organization,
      String filename,
      String mimeType,
      InputStream content,
      Optional<Duration> expiresIn) {
    return upload(organization, filename, mimeType, content, () -> expiresIn);
  }

  /**
   * Stores an upload whose expiry is known only when its content has been read to the end, as in a
   * form that names it after the file. What {@code expiresIn} throws leaves nothing stored.
   */
  public StoredFile upload(
      OrganizationId organization,
      String filename,
      String mimeType,
      InputStream content,
      Supplier<Optional<Duration>> expiresIn) {
    Filename.check(filename);
    String type = mimeType(mimeType);
    disk.requireRoom();
    checkRoom(organization, "file '" + filename + "'", 0);
    Blobs.Staged staged = blobs.stage(content, settings.uploadLimit(), "file '" + filename + "'");
    try {
      Optional<Duration> expiry = expiresIn.get();
      expiry.ifPresent(Files::checkExpiry);
      checkRoom(organization, "file '" + filename + "'", staged.sizeBytes());
      return store(organization, filename, type, staged, expiry);
    } finally {
      staged.discard(); // nothing is left to discard once it stands in its place
    }
  }

  private StoredFile store(
      OrganizationId organization,
      String filename,
      String type,
      Blobs.Staged staged,
      Optional<Duration> expiry) {
    String reservation = store.reserve(staged.sha256(), self);
    boolean stored = false;
    try {
      blobs.place(staged, Blobs.Durability.POWER_CUT);
      Instant now = Instant.ofEpochMilli(clock.millis());
      StoredFile file =
          new StoredFile(
              FileId.next(),
              filename,
              type,
              staged.sizeBytes(),
              staged.sha256(),
              now,
              false,
              expiry.map(now::plus));
      ByteSize limit = limit(organization);
      stored = store.insert(organization, file, reservation, limit.bytes());
      if (!stored) {
        throw InvalidRequest.storageFull("file '" + filename + "'", limit);
      }
      return file;
    } finally {
      if (!stored) {
        store.abandon(List.of(reservation));
      }
    }
  }

  /**
   * Throws InvalidRequest when so many bytes more are too much for the organization. Asked before
   * content is read as well: a full store should not take it in vain.
   *
   * @param what the bytes are of
   */
  void checkRoom(OrganizationId organization, String what, long sizeBytes) {
    ByteSize limit = limit(organization);
    if (store.storedBytes(organization) > limit.bytes() - sizeBytes) {
      throw InvalidRequest.storageFull(what, limit);
    }
  }

  private ByteSize limit(OrganizationId organization) {
    return new ByteSize(organizations.limits(organization).of(OrganizationLimit.STORAGE));
  }

  private static String mimeType(String mimeType) {
    if (mimeType.isBlank()) {
      return UNKNOWN_MIME_TYPE;
    }
    if (mimeType.length() > MAX_MIME_TYPE_CHARACTERS || Text.hasControlCharacter(mimeType)) {
      throw new InvalidRequest(
          "mime_type: must have at most "
              + MAX_MIME_TYPE_CHARACTERS
              + " characters and no control characters");
    }
    return mimeType;
  }

  private static void checkExpiry(Duration expiresIn) {
    if (expiresIn.compareTo(MIN_EXPIRY) < 0 || expiresIn.compareTo(MAX_EXPIRY) > 0) {
      throw new InvalidRequest(
          "expires_in_seconds: must be between "
              + MIN_EXPIRY.toSeconds()
              + " and "
              + MAX_EXPIRY.toSeconds()
              + ", not "
              + expiresIn.toSeconds());
    }
  }

  /** The file; throws NotFound when unknown, deleted or foreign. */
  public StoredFile get(OrganizationId organization, FileId id) {
    return store.find(organization, id).orElseThrow(() -> NotFound.file(id.value()));
  }

  /** The file, if its content can still be had; throws NotFound otherwise. */
  public StoredFile require(OrganizationId organization, FileId id) {
    StoredFile file = get(organization, id);
    if (file.expiresAt().isPresent() && !file.expiresAt().get().isAfter(clock.instant())) {
      throw NotFound.fileExpired(id.value(), file.expiresAt().get());
    }
    return file;
  }

  /** Newest first. */
  public Page<StoredFile> list(OrganizationId organization, PageRequest page) {
    return store.list(organization, page);
  }

  /** Newest first; throws InvalidRequest when the item that the request names is not there. */
  public CursorPage<StoredFile> list(OrganizationId organization, CursorRequest request) {
    return store.list(organization, request);
  }

  /** Those of the files that exist, newest first. */
  public List<StoredFile> find(OrganizationId organization, List<FileId> ids) {
    return store.find(organization, ids);
  }

  /** Opens the content of any file of the organization, downloadable or not. */
  public FileContent content(OrganizationId organization, FileId id) {
    return open(organization, require(organization, id), ByteRange.ALL);
  }

  /** The file, if it may be downloaded; throws InvalidRequest for an upload. */
  public StoredFile downloadable(OrganizationId organization, FileId id) {
    StoredFile file = require(organization, id);
    if (!file.downloadable()) {
      throw InvalidRequest.fileNotDownloadable(id.value());
    }
    return file;
  }

  /**
   * Opens the content of a downloadable file, or a part of it; throws InvalidRequest for an upload,
   * RangeNotSatisfiable for a part that begins past the end.
   */
  public FileContent download(OrganizationId organization, FileId id, ByteRange range) {
    return open(organization, downloadable(organization, id), range);
  }

  private FileContent open(OrganizationId organization, StoredFile file, ByteRange range) {
    try {
      return blobs.open(file.sha256(), file.sizeBytes(), range);
    } catch (Internal e) {
      get(organization, file.id()); // deleted meanwhile: that is the better answer
      throw e;
    }
  }

  /** Deletes the file; containers keep their copy. */
  public void delete(OrganizationId organization, FileId id) {
    if (!store.delete(organization, id)) {
      throw NotFound.file(id.value());
    }
    store.collectGarbage(blobs);
  }

  /** Forgets files that expired long ago. */
  void sweep() {
    store.deleteExpired(clock.instant().minus(LISTED_AFTER_EXPIRY));
  }
}
