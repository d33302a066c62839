package dev.caisson.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * A request that is run at most once, however often it comes with the same key.
 *
 * @param id of the request that ran, or runs
 * @param request what was asked for, such as {@code POST /v1/containers}
 * @param bodySha256 of its body; empty while the body is still being read
 * @param reply what was answered; empty unless {@code state} is {@code KEPT}
 */
public record IdempotentRequest(
    String id,
    String request,
    Optional<String> bodySha256,
    State state,
    Optional<KeptReply> reply,
    Instant begunAt) {
  /** What is known of it. */
  public enum State {
    /** It is being worked on. */
    RUNNING,
    /** It is done, and its reply is there. */
    KEPT,
    /** It is done, and its reply is not there: too large, or a stream that broke off. */
    UNKEPT,
    /** The server ended while it was being worked on. */
    UNKNOWN
  }
}
