package dev.caisson.store;

import java.nio.file.Path;

/** Opens a data directory and says what that loaded. */
final class LoadedClassesMain {
  private LoadedClassesMain() {}

  @SuppressWarnings("SystemOut") // its parent reads it
  public static void main(String[] arguments) {
    ClassLoader loader = LoadedClassesMain.class.getClassLoader();
    Store.open(Path.of(arguments[0])).close();
    System.out.println("flyway loaded: " + FindLoaded.in(loader, "org.flywaydb.core.Flyway"));
  }

  private static final class FindLoaded {
    static boolean in(ClassLoader loader, String name) {
      try {
        var method = ClassLoader.class.getDeclaredMethod("findLoadedClass", String.class);
        method.setAccessible(true);
        return method.invoke(loader, name) != null;
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
