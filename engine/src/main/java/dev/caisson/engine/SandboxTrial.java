package dev.caisson.engine;

import dev.caisson.sandbox.Sandbox;

/** Something to try in a sandbox that nobody else sees. */
@FunctionalInterface
interface SandboxTrial<T> {
  T run(Sandbox sandbox);
}
