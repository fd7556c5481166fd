import Testing

/// The program of the Python package does the work (`Tools/check-python`); here is how it is called.
@Suite("spillway export")
struct ExportTests {
  @Test("the program gets the run and every option, and a name with a dash is no option")
  func arguments() async throws {
    let run = try await SpillwayProcess(
      ["export", "runs/8000", "--format", "parquet", "--out", "an out", "--decisions", "a b.csv"],
      environment: ["SPILLWAY_EXPORT": "/bin/echo"])
    #expect(run.code == 0)
    #expect(run.output == "runs/8000 --format=parquet --out=an out --decisions=a b.csv\n")
    let dash = try await SpillwayProcess(
      ["export", "--format", "root", "--out", "x.root", "--l0-decisions", "l0.csv", "--", "-run"],
      environment: ["SPILLWAY_EXPORT": "/bin/echo"])
    #expect(dash.output == "./-run --format=root --out=x.root --l0-decisions=l0.csv\n")
  }

  @Test("its exit code is that of the command")
  func exitCode() async throws {
    let run = try await SpillwayProcess(
      ["export", "runs/8000", "--format", "csv", "--out", "x"], environment: ["SPILLWAY_EXPORT": "/bin/false"]
    )
    #expect(run.code == 1)
  }

  @Test("a program that is not there is told with what brings it")
  func missing() async throws {
    let run = try await SpillwayProcess(
      ["export", "runs/8000", "--format", "csv", "--out", "x"],
      environment: ["SPILLWAY_EXPORT": "/no/such/spillway-export"])
    run.expectUsage(
      "there is no program '/no/such/spillway-export'", "pip install './Tools/python[root,parquet]'")
    #expect(run.messages.count == 1)
  }

  @Test("another format is wrong usage")
  func format() async throws {
    let run = try await SpillwayProcess("export", "runs/8000", "--format", "hdf5", "--out", "x")
    #expect(run.code == 2)
    #expect(run.output.isEmpty)
  }
}
