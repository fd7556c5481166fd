import Testing

@testable import spillway

@Suite("Files that come with the program")
struct ShippedFileTests {
  private static let installed: Set<String> = [
    "/usr/share/spillway/Configs/menus/kaon-2018.yaml", "/opt/s/share/spillway/Replay/kaon-2018.pcap.gz",
    "/usr/share/spillway/secret",
  ]

  private func find(_ path: String, program: String, here: Set<String> = []) -> String {
    ShippedFile.find(path, program: program) { here.contains($0) || Self.installed.contains($0) }
  }

  @Test("a shipped file that is not here is the installed one, whichever way it was installed")
  func installed() {
    #expect(
      find("Configs/menus/kaon-2018.yaml", program: "/usr/lib/spillway/spillway")
        == "/usr/share/spillway/Configs/menus/kaon-2018.yaml")
    #expect(
      find("Replay/kaon-2018.pcap.gz", program: "/opt/s/bin/spillway")
        == "/opt/s/share/spillway/Replay/kaon-2018.pcap.gz")
  }

  @Test(
    "a path stays as it is where the file is here, or is nowhere, or is not of those that come with the program",
    arguments: [
      ("Configs/menus/kaon-2018.yaml", true), ("Configs/menus/mine.yaml", false),
      ("/Configs/menus/kaon-2018.yaml", false), ("Configs/../secret", false), ("secret", false), ("-", false),
      ("", false),
    ])
  func asGiven(path: String, isHere: Bool) {
    #expect(find(path, program: "/usr/bin/spillway", here: isHere ? [path] : []) == path)
  }
}
