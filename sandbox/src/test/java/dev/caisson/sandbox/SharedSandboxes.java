package dev.caisson.sandbox;

import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Gives each test a sandbox of its own, built by root and without root in turn. */
@NullUnmarked
@ParameterizedClass
@EnumSource(Walls.class)
abstract class SharedSandboxes {
  static SandboxFixture fixture;

  @Parameter Walls walls;
  Sandbox sandbox;

  @BeforeParameterizedClassInvocation
  static void openFixture(Walls walls) throws IOException {
    fixture = new SandboxFixture(walls);
  }

  @AfterParameterizedClassInvocation
  static void closeFixture() throws IOException {
    fixture.close();
  }

  @BeforeEach
  void openSandbox() {
    sandbox = fixture.open();
  }

  @AfterEach
  void closeSandbox() {
    sandbox.close();
  }

  CellRun python(String code) {
    return SandboxFixture.python(sandbox, code);
  }

  CellRun fresh(String code) {
    return SandboxFixture.fresh(sandbox, code);
  }

  CellRun bash(String code) {
    return SandboxFixture.bash(sandbox, code);
  }

  CellRun python(String code, Duration limit) {
    return SandboxFixture.run(sandbox, Language.PYTHON, InterpreterMode.PERSISTENT, code, limit);
  }

  CellRun fresh(String code, Duration limit) {
    return SandboxFixture.run(sandbox, Language.PYTHON, InterpreterMode.FRESH, code, limit);
  }

  CellRun bash(String code, Duration limit) {
    return SandboxFixture.run(sandbox, Language.BASH, InterpreterMode.FRESH, code, limit);
  }

  String out(CellRun run) {
    return run.stdout().text();
  }

  String err(CellRun run) {
    return run.stderr().text();
  }
}
