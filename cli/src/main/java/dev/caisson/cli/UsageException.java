package dev.caisson.cli;

/**
 * The command was called in a way that cannot work; the message says which word is wrong. Exit code
 * 2.
 */
final class UsageException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
