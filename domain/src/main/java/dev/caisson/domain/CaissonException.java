package dev.caisson.domain;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The one root of Caisson's errors. Each kind has a stable code, a message that is safe to show to
 * the client, and says whether the same request may succeed later.
 */
public abstract sealed class CaissonException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final boolean retryable;

  private CaissonException(String code, boolean retryable, String message) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }

  private CaissonException(String code, boolean retryable, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.retryable = retryable;
  }

  /** A stable word such as {@code not_found}. */
  public String code() {
    return code;
  }

  /** Whether the same request may succeed later without a change. */
  public boolean retryable() {
    return retryable;
  }

  /**
   * The word that the contract has for this very failure, such as {@code file_expired}: the
   * official SDKs make an exception of its own of it. Empty for most.
   */
  public Optional<String> detail() {
    return Optional.empty();
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }

  /**
   * The request asks for something of the Messages API that this server does not have. SDKs that
   * know the detail's code ask again without it.
   */
  public static final class Unsupported extends CaissonException {
    private static final long serialVersionUID = 1L;
    private final String detailCode;
    private final String feature;

    /**
     * @param detailCode the API's own word for it, such as {@code thread_unsupported_request}
     * @param feature what is not supported, as the request names it
     */
    public Unsupported(String detailCode, String feature, String message) {
      super("unsupported", false, message);
      this.detailCode = detailCode;
      this.feature = feature;
    }

    public String detailCode() {
      return detailCode;
    }

    public String feature() {
      return feature;
    }
  }

  /** The request is wrong in itself; the message names the field. */
  public static final class InvalidRequest extends CaissonException {
    private static final long serialVersionUID = 1L;
    private final transient Optional<String> detail;

    public InvalidRequest(String message) {
      super("invalid_request", false, message);
      this.detail = Optional.empty();
    }

    private InvalidRequest(String message, String detail) {
      super("invalid_request", false, message);
      this.detail = Optional.of(detail);
    }

    public static InvalidRequest fileNotDownloadable(String id) {
      return new InvalidRequest(
          "File `" + id + "` is an upload; only files that cells made can be downloaded.",
          "file_not_downloadable");
    }

    public static InvalidRequest storageFull(String what, ByteSize limit) {
      return new InvalidRequest(
          what
              + ": the files of this organization would take more than the "
              + limit
              + " that it may store; delete some",
          "storage_quota_exceeded");
    }

    @Override
    public Optional<String> detail() {
      return detail;
    }
  }

  /** No key, or one that is not known. */
  public static final class Unauthenticated extends CaissonException {
    private static final long serialVersionUID = 1L;

    public Unauthenticated(String message) {
      super("unauthenticated", false, message);
    }
  }

  /** The key may not do this. */
  public static final class PermissionDenied extends CaissonException {
    private static final long serialVersionUID = 1L;

    public PermissionDenied(String message) {
      super("permission_denied", false, message);
    }
  }

  /** The object does not exist, or belongs to somebody else; the two look the same. */
  public static final class NotFound extends CaissonException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<String> detail;

    public NotFound(String message) {
      super("not_found", false, message);
      this.detail = Optional.empty();
    }

    private NotFound(String message, String detail) {
      super("not_found", false, message);
      this.detail = Optional.of(detail);
    }

    public static NotFound skill(String id) {
      return new NotFound("Skill `" + id + "` not found.");
    }

    public static NotFound skillVersion(String skill, String version) {
      return new NotFound("Version `" + version + "` of skill `" + skill + "` not found.");
    }

    public static NotFound batch(String id) {
      return new NotFound("Message batch `" + id + "` not found.");
    }

    public static NotFound fileExpired(String id, Instant at) {
      return new NotFound("File `" + id + "` expired at " + at + ".", "file_expired");
    }

    /** The same, said of a place in a request. */
    public NotFound at(String path) {
      String message = path + ": " + getMessage();
      return detail.map(word -> new NotFound(message, word)).orElseGet(() -> new NotFound(message));
    }

    @Override
    public Optional<String> detail() {
      return detail;
    }

    /** A container of the caller's own that is gone for good. */
    public static NotFound deleted(String id, Instant at) {
      return new NotFound("Container `" + id + "` was deleted at " + at + ".");
    }

    public static NotFound container(String id) {
      return new NotFound("Container `" + id + "` not found.");
    }

    public static NotFound cell(String id) {
      return new NotFound("Cell `" + id + "` not found.");
    }

    public static NotFound organization(String nameOrId) {
      return new NotFound("Organization `" + nameOrId + "` not found.");
    }

    public static NotFound key(String id) {
      return new NotFound("Key `" + id + "` not found.");
    }

    public static NotFound file(String id) {
      return new NotFound("File `" + id + "` not found.");
    }
  }

  /** The container is past its retention; its files are gone. */
  public static final class ContainerExpired extends CaissonException {
    private static final long serialVersionUID = 1L;
    private final transient Container container;

    public ContainerExpired(Container container) {
      super(
          "container_expired",
          false,
          "container_expired: container `"
              + container.id()
              + "` expired at "
              + container.expiresAt()
              + "; its files are gone. Start a new container and rebuild from source.");
      this.container = container;
    }

    public Container container() {
      return container;
    }
  }

  /** The request collides with the state of an object. */
  public static final class Conflict extends CaissonException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<Duration> retryAfter;

    public Conflict(String message) {
      super("conflict", false, message);
      this.retryAfter = Optional.empty();
    }

    /** One that passes by itself. */
    public Conflict(String message, Duration retryAfter) {
      super("conflict", true, message);
      this.retryAfter = Optional.of(retryAfter);
    }

    public Optional<Duration> retryAfter() {
      return retryAfter;
    }
  }

  /** Something is over a size limit; the message names the object and the limit. */
  public static final class TooLarge extends CaissonException {
    private static final long serialVersionUID = 1L;

    public TooLarge(String message) {
      super("too_large", false, message);
    }
  }

  /** A part of a file that does not exist was asked for. */
  public static final class RangeNotSatisfiable extends CaissonException {
    private static final long serialVersionUID = 1L;
    private final long sizeBytes;

    public RangeNotSatisfiable(String message, long sizeBytes) {
      super("range_not_satisfiable", false, message);
      this.sizeBytes = sizeBytes;
    }

    /** The size of the file. */
    public long sizeBytes() {
      return sizeBytes;
    }
  }

  /** Too much at once; try again after {@link #retryAfter}. */
  public static final class Busy extends CaissonException {
    private static final long serialVersionUID = 1L;
    private final Duration retryAfter;

    public Busy(String message, Duration retryAfter) {
      super("busy", true, message);
      this.retryAfter = retryAfter;
    }

    public Duration retryAfter() {
      return retryAfter;
    }
  }

  /**
   * An organization has as much of something as it may have. Waiting alone does not help, unless
   * something ends by itself, which {@link #relief} then says.
   */
  public static final class OverQuota extends CaissonException {
    private static final long serialVersionUID = 1L;
    private final transient Optional<Instant> relief;

    /**
     * @param relief when the first of what it has ends by itself
     */
    public OverQuota(String message, Optional<Instant> relief) {
      super("over_quota", false, message);
      this.relief = relief;
    }

    public Optional<Instant> relief() {
      return relief;
    }
  }

  /**
   * Something that we stand on, such as the database, does not answer just now. What was asked for
   * may have been begun.
   */
  public static final class Unavailable extends CaissonException {
    private static final long serialVersionUID = 1L;

    public Unavailable(String message) {
      super("unavailable", true, message);
    }

    public Unavailable(String message, Throwable cause) {
      super("unavailable", true, message, cause);
    }
  }

  /**
   * The disk that the data directory lies on has no room for anything new. Nothing that was
   * acknowledged is lost; what is there can be read and deleted.
   */
  public static final class HostFull extends CaissonException {
    private static final long serialVersionUID = 1L;
    private final boolean early;

    private HostFull(boolean early, String message) {
      super("host_full", true, message);
      this.early = early;
    }

    private HostFull(String message, Throwable cause) {
      super("host_full", true, message, cause);
      this.early = false;
    }

    /** Refused before anything was done, while there is still room for what runs. */
    public static HostFull refused(ByteSize free, ByteSize floor) {
      return new HostFull(
          true,
          "the disk of the data directory has "
              + free
              + " left, under its floor of "
              + floor
              + ": nothing new is taken in; what is there can be read and deleted");
    }

    /** Refused before anything was done: the disk was full, and has no room to spare yet. */
    public static HostFull reserveSpent() {
      return new HostFull(
          true,
          "the disk of the data directory was full, and what was kept for deletions is in use:"
              + " nothing new is taken in; what is there can be read and deleted");
    }

    /** There was no room left for what had been begun. */
    public static HostFull midway(String what, Throwable cause) {
      return new HostFull(
          what + ": there is no space left on the disk of the data directory", cause);
    }

    /** As above, told by what has no exception of its own. */
    public static HostFull midway(String what) {
      return new HostFull(
          false, what + ": there is no space left on the disk of the data directory");
    }

    /** As another process has told it. */
    public static HostFull told(String message) {
      return new HostFull(false, message);
    }

    /** Whether it is certain that nothing was done. */
    public boolean early() {
      return early;
    }
  }

  /**
   * This host cannot do it: a missing program, a wall that does not stand, a data directory in use.
   */
  public static final class HostUnfit extends CaissonException {
    private static final long serialVersionUID = 1L;

    public HostUnfit(String message) {
      super("host_unfit", false, message);
    }

    public HostUnfit(String message, Throwable cause) {
      super("host_unfit", false, message, cause);
    }
  }

  /** The server that models answer from failed, or could not be reached. */
  public static final class Upstream extends CaissonException {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final transient Optional<String> retryAfter;

    /**
     * @param status the HTTP status to pass on
     * @param retryAfter the upstream's own header, passed on as it stands
     */
    public Upstream(int status, String message, boolean retryable, Optional<String> retryAfter) {
      super("upstream", retryable, message);
      this.status = status;
      this.retryAfter = retryAfter;
    }

    public int status() {
      return status;
    }

    public Optional<String> retryAfter() {
      return retryAfter;
    }
  }

  /** We failed; the message says at what, the cause says why. */
  public static final class Internal extends CaissonException {
    private static final long serialVersionUID = 1L;

    public Internal(String message, Throwable cause) {
      super("internal", false, message, cause);
    }

    public Internal(String message) {
      super("internal", false, message);
    }
  }
}
