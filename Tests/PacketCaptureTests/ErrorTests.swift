import Glibc
import NA62Formats
import PacketCapture
import Testing

@Suite struct ErrorTests {
  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as CaptureError { return error.description } catch { return "other" }
    return "none"
  }

  private func reading(_ path: String, _ options: CaptureOptions = CaptureOptions()) -> String {
    message { _ = try CaptureReader(inputs: [CaptureInput(path: path)], options: options) }
  }

  @Test func everyErrorSaysWhatIsWrongInOneLine() throws {
    let scratch = try Scratch()
    let capture = try scratch.file("good", pcap([Packet(seconds: 1, frame: frame("x"))]))
    let cases = [
      (reading("/nowhere/at/all"), "/nowhere/at/all: no such file"),
      (reading("/tmp"), "/tmp: is a directory"),
      (reading(try scratch.file("empty", [])), "the file is empty"),
      (reading(try scratch.file("text", Array("hello there\n".utf8))), "it looks like text"),
      (reading(try scratch.file("png", [0x89, 0x50, 0x4e, 0x47, 0, 0])), "a PNG image"),
      (reading(try scratch.file("elf", [0x7f, 0x45, 0x4c, 0x46, 2, 1])), "an ELF program"),
      (reading(try scratch.file("burst", [1, 0, 0, 0, 9, 9])), "an NA62 burst file"),
      (reading(try scratch.file("textgz", gzipped(Array("hello".utf8)))), "it looks like text"),
      (reading(try scratch.file("gzgz", gzipped(gzipped(Array("hello".utf8))))), "compressed twice by gzip"),
      (reading(try scratch.file("noise", [9, 200, 3, 255, 0, 1])), "begins with no known magic number"),
      (reading(try scratch.file("link", pcap([], link: 105))), "link type IEEE802_11 is not supported"),
      (reading(try scratch.file("version", Array(pcap([])[..<4]) + [9, 9] + pcap([])[6...])), "header"),
      (reading(capture, CaptureOptions(filter: "no such thing")), "filter 'no such thing': "),
      (message { _ = try CaptureInput.expand(["-", "-"]) }, "standard input is given more than once"),
      (message { _ = try CaptureInput.expand([scratch.name("q*")]) }, "no file matches this pattern"),
      (message { _ = try CaptureInput.expand([scratch.name("zz")]) }, "no such file"),
      (message { _ = try readWholeFileDecompressed(capture, maximumSize: 10) }, "limit of 10 bytes"),
      (message { _ = try CaptureWriter(path: "/nowhere/x") }, "/nowhere/x: cannot be written"),
    ]
    for (text, part) in cases {
      #expect(text.contains(part), "\(text)")
      #expect(!text.contains("\n"))
    }
  }

  @Test func directoriesAndPatternsGiveTheirCapturesSorted() throws {
    let scratch = try Scratch()
    let bytes = pcap([Packet(seconds: 1, frame: frame("x"))])
    let b = try scratch.file("b.pcap", bytes)
    let a = try scratch.file("a.pcap.gz", gzipped(bytes))
    let notes = try scratch.file("notes.txt", Array("hello".utf8))
    var warnings: [CaptureWarning] = []
    #expect(try CaptureInput.expand([scratch.path], warnings: &warnings).map(\.path) == [a, b])
    #expect(warnings.map(\.path) == [notes])
    #expect(warnings[0].description.contains("left aside") && !warnings[0].isDataLoss)
    #expect(try CaptureInput.expand([scratch.name("*.pcap"), "-", a]).map(\.path) == [b, "-", a])
    let empty = try Scratch()
    #expect(message { _ = try CaptureInput.expand([empty.path]) }.contains("holds no capture file"))
  }

  @Test func kindsAreKnownByTheirFirstBytes() throws {
    let scratch = try Scratch()
    #expect(try CaptureInput.sniff(try scratch.file("a", [1, 0, 0, 0])) == .burstFile)
    #expect(try CaptureInput.sniff(try scratch.file("b", gzipped([1, 0, 0, 0, 4]))) == .burstFile)
    #expect(try CaptureInput.sniff(try scratch.file("c", pcapng([]))) == .capture)
    #expect(try CaptureInput.sniff(try scratch.file("d", [])) == .unknown)
  }

  @Test func aFileThatVanishesIsReportedAfterWhatWasRead() throws {
    let scratch = try Scratch()
    let paths = try (0..<3).map {
      try scratch.file("\($0)", pcap([Packet(seconds: UInt32($0 + 1), frame: frame("\($0)"))]))
    }
    var options = CaptureOptions()
    options.maximumOpenFiles = 1
    let reader = try CaptureReader(inputs: paths.map(CaptureInput.init(path:)), options: options)
    unlink(paths[1])
    #expect(try reader.next()?.datagrams.count == 1)
    #expect(throws: CaptureError.noSuchFile(path: paths[1])) { try reader.next() }
    #expect(try reader.next()?.datagrams.count == 1)
    #expect(try reader.next() == nil)
    #expect(reader.sawDataLoss)
  }
}
