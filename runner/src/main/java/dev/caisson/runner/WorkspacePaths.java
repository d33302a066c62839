package dev.caisson.runner;

/** Where things of one pipeline stand inside its container. */
record WorkspacePaths(String root) {
  static WorkspacePaths of(Pipeline pipeline) {
    return new WorkspacePaths("/home/user/" + pipeline.name());
  }

  String stage(String name) {
    return root + "/" + name;
  }

  String inStage(String name, String place) {
    return stage(name) + "/" + place;
  }

  /**
   * Files of the author by the hash of their content; a name of a stage never starts with a dot.
   */
  String sources() {
    return root + "/.sources";
  }

  String source(String sha256) {
    return sources() + "/" + sha256;
  }

  String marker() {
    return root + "/.caisson/marker";
  }

  String bashEnvironment() {
    return root + "/.caisson/bash-env.sh";
  }
}
