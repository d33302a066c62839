package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequirementsTest {
  @TempDir Path temporary;

  @Test
  void defaultAsksForFourPackagesAndPinsAll() {
    Requirements standard = Requirements.standard();

    assertThat(standard.wanted().stream().flatMap(line -> line.name().stream()).distinct())
        .containsExactly("numpy", "pandas", "pyarrow", "matplotlib");
    assertThat(standard.lines()).allMatch(line -> line.text().contains("=="));
    assertThat(standard.wheels()).isEqualTo(Requirements.Wheels.ONLY);
  }

  @Test
  void fullHoldsTheDefaultAndTheHostedServicesList() {
    assertThat(Requirements.full().lines()).containsAll(Requirements.standard().lines());
    assertThat(Requirements.full().lines().stream().flatMap(line -> line.name().stream()))
        .contains(
            "scipy",
            "scikit-learn",
            "statsmodels",
            "seaborn",
            "openpyxl",
            "xlsxwriter",
            "xlrd",
            "pillow",
            "python-pptx",
            "python-docx",
            "pypdf",
            "pdfplumber",
            "pypdfium2",
            "pdf2image",
            "pdfkit",
            "tabula-py",
            "reportlab",
            "sympy",
            "mpmath",
            "tqdm",
            "python-dateutil",
            "pytz",
            "joblib");
  }

  @Test
  void dropsCommentsAndJoinsContinuedLines() throws IOException {
    Requirements read =
        read("# why\n\nalpha==1 # for x\r\nbeta \\\n  >=2\n  gamma  # via alpha\nd#e\n");

    assertThat(read.lines().stream().map(Requirements.Line::text))
        .containsExactly("alpha==1", "beta    >=2", "gamma", "d#e");
    assertThat(read.lines())
        .filteredOn(Requirements.Line::dependency)
        .extracting(Requirements.Line::text)
        .containsExactly("gamma");
  }

  /** pip-compile marks with "via -r" even what was asked for. */
  @Test
  void wantsAllThatAnOperatorNames() throws IOException {
    assertThat(read("alpha==1  # via -r in.txt\nbeta==2  # via alpha\n").wanted())
        .extracting(Requirements.Line::text)
        .containsExactly("alpha==1", "beta==2");
  }

  @ParameterizedTest
  @CsvSource({
    "'Alpha_Beta.c==1', alpha-beta-c",
    "'alpha[x,y]>=1', alpha",
    "'alpha ; python_version < \"3\"', alpha",
    "'alpha @ https://host/alpha.whl', alpha",
    "'alpha', alpha",
    "'./alpha.whl', ''",
    "'alpha-1-py3-none-any.whl', ''",
    "'https://host/alpha.whl', ''",
    "'--index-url https://host/simple', ''"
  })
  void knowsThePackageThatALineNames(String line, String name) throws IOException {
    assertThat(read(line).lines().getFirst().name().orElse("")).isEqualTo(name);
  }

  @Test
  void pullsIncludesIn() throws IOException {
    Files.createDirectory(temporary.resolve("more"));
    Files.writeString(temporary.resolve("more/one.txt"), "one\n-r two.txt\n");
    Files.writeString(temporary.resolve("more/two.txt"), "two\n");

    assertThat(read("-r more/one.txt\n--requirement=more/two.txt\nthree").lines())
        .extracting(Requirements.Line::text)
        .containsExactly("one", "two", "two", "three");
  }

  @Test
  void refusesFileThatIncludesItself() throws IOException {
    assertThatThrownBy(() -> read("-r requirements.txt"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("includes go deeper");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-e .", "-e.", "--editable ./x", "--editable=./x"})
  void refusesEditableInstallByLine(String line) {
    assertThatThrownBy(() -> read("alpha\n" + line))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("editable");
  }

  @Test
  void refusesFilesThatAreNoText() throws IOException {
    Path file = temporary.resolve("requirements.txt");
    assertThatThrownBy(() -> Requirements.of(file))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage("requirements file " + file + " cannot be read: no such file");
    Files.write(file, new byte[] {(byte) 0xc3, 0x28});
    assertThatThrownBy(() -> Requirements.of(file)).hasMessageContaining("not UTF-8");
    Files.write(file, List.of("alpha\0"));
    assertThatThrownBy(() -> Requirements.of(file)).hasMessageContaining("line 1: NUL");
    assertThatThrownBy(() -> Requirements.of(temporary))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage("requirements file " + temporary + " cannot be read: Is a directory");
  }

  @Test
  void knowsWhenTheFileNamesItsSources() throws IOException {
    assertThat(read("alpha==1 --hash=sha256:00").namesItsSources()).isFalse();
    for (String line : List.of("-i https://h/s", "--find-links /w", "./a.whl", "a @ https://h/a")) {
      assertThat(read(line).namesItsSources()).as(line).isTrue();
    }
  }

  private Requirements read(String text) throws IOException {
    return Requirements.of(Files.writeString(temporary.resolve("requirements.txt"), text));
  }
}
