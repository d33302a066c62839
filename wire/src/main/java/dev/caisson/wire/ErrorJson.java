package dev.caisson.wire;

import dev.caisson.domain.CaissonException;
import java.time.Duration;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Errors as the public API shows them, and the one table from our kinds to HTTP statuses and to the
 * error types of the Messages API.
 *
 * @param status of HTTP
 * @param type the word that the official SDKs know
 */
public record ErrorJson(int status, String type) {

  /** How an error of ours looks from outside. */
  public static ErrorJson of(CaissonException error) {
    return switch (error) {
      case CaissonException.InvalidRequest e -> of(400);
      case CaissonException.Unsupported e -> of(400);
      case CaissonException.Unauthenticated e -> of(401);
      case CaissonException.OverQuota e -> of(402);
      case CaissonException.PermissionDenied e -> of(403);
      case CaissonException.NotFound e -> of(404);
      case CaissonException.Conflict e -> of(409);
      case CaissonException.ContainerExpired e -> of(410);
      case CaissonException.TooLarge e -> of(413);
      case CaissonException.RangeNotSatisfiable e -> of(416);
      case CaissonException.Busy e -> of(429);
      case CaissonException.Unavailable e -> of(529);
      case CaissonException.Upstream e -> of(e.status());
      case CaissonException.HostFull e -> of(529);
      case CaissonException.HostUnfit e -> of(500);
      case CaissonException.Internal e -> of(500);
    };
  }

  /** The shape of a status that no kind of ours stands behind. */
  public static ErrorJson of(int status) {
    String type =
        switch (status) {
          case 401 -> "authentication_error";
          case 402 -> "billing_error";
          case 403 -> "permission_error";
          case 404, 410 -> "not_found_error";
          case 409 -> "conflict_error";
          case 413 -> "request_too_large";
          case 429 -> "rate_limit_error";
          case 504 -> "timeout_error";
          case 529 -> "overloaded_error";
          default -> status >= 500 ? "api_error" : "invalid_request_error";
        };
    return new ErrorJson(status, type);
  }

  /** The status that a type of error stands for, where an error comes without one. */
  public static int status(String type) {
    return switch (type) {
      case "invalid_request_error" -> 400;
      case "authentication_error" -> 401;
      case "billing_error" -> 402;
      case "permission_error" -> 403;
      case "not_found_error" -> 404;
      case "conflict_error" -> 409;
      case "request_too_large" -> 413;
      case "rate_limit_error" -> 429;
      case "timeout_error" -> 504;
      case "overloaded_error" -> 529;
      default -> 500;
    };
  }

  /**
   * The envelope. Beside the contract's fields it has our stable {@code code}, the contract's word
   * for the very failure where it has one, and the tombstone of an expired container.
   */
  public static ObjectNode write(CaissonException error, String requestId) {
    ObjectNode json = of(error).envelope(error.getMessage(), requestId);
    ObjectNode details = (ObjectNode) json.get("error");
    details.put("code", error.code());
    if (error instanceof CaissonException.Unsupported unsupported) {
      ObjectNode detail = details.putObject("details").put("error_code", unsupported.detailCode());
      detail.putArray("unsupported").add(unsupported.feature());
    }
    error.detail().ifPresent(word -> details.putObject("details").put("error_code", word));
    if (error instanceof CaissonException.ContainerExpired expired) {
      details.set("container", ContainerJson.write(expired.container()));
    }
    return json;
  }

  /** The contract's envelope and nothing else. */
  public ObjectNode envelope(String message, String requestId) {
    ObjectNode json = Json.object().put("type", "error");
    json.putObject("error").put("type", type).put("message", message);
    return json.put("request_id", requestId);
  }

  /**
   * The error that an envelope stands for, whoever wrote it.
   *
   * @param retryAfter as the reply's header says
   */
  public static CaissonException read(int status, JsonNode body, Optional<Duration> retryAfter) {
    JsonNode error = body.path("error");
    String message = error.path("message").asStringOpt().orElse("the server answered " + status);
    Duration wait = retryAfter.orElse(Duration.ofSeconds(1));
    JsonNode container = error.path("container");
    return switch (status) {
      case 400 -> new CaissonException.InvalidRequest(message);
      case 401 -> new CaissonException.Unauthenticated(message);
      case 402 -> new CaissonException.OverQuota(message, Optional.empty());
      case 403 -> new CaissonException.PermissionDenied(message);
      case 404 -> new CaissonException.NotFound(message);
      case 409 -> new CaissonException.Conflict(message);
      case 410 ->
          container.isObject()
              ? new CaissonException.ContainerExpired(ContainerJson.read(container))
              : new CaissonException.NotFound(message);
      case 413 -> new CaissonException.TooLarge(message);
      case 416 -> new CaissonException.RangeNotSatisfiable(message, 0);
      case 429 -> new CaissonException.Busy(message, wait);
      default ->
          switch (error.path("code").asStringOpt().orElse("")) {
            case "unavailable" -> new CaissonException.Unavailable(message);
            case "host_full" -> CaissonException.HostFull.told(message);
            case "host_unfit" -> new CaissonException.HostUnfit(message);
            case "upstream" ->
                new CaissonException.Upstream(status, message, status >= 500, Optional.empty());
            default -> new CaissonException.Internal(message);
          };
    };
  }
}
