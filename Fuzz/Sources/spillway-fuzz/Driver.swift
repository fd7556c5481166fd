import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argc: UnsafeMutablePointer<Int32>,
  _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The one target to run, if the environment names it.
private let only: Target? = getenv("SPILLWAY_FUZZ_TARGET").flatMap { name in
  let name = String(cString: name)
  guard let target = Target.all.first(where: { $0.name == name }) else {
    fatalError("no target is called \(name)")
  }
  return target
}

/// One input of the fuzzer: the first byte selects the target, the rest is what it reads.
private func test(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let data, count > 0 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: data + 1, count: count - 1))
  (only ?? Target.all[Int(data[0]) % Target.all.count]).run(bytes)
  return 0
}

/// The entry: `spillway-fuzz [options of libFuzzer] CORPUS`, or `spillway-fuzz --seeds CORPUS CAPTURE...`.
@_cdecl("spillway_fuzz_main")
public func fuzzMain(
  _ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
  let arguments = (0..<Int(argc)).compactMap { argv[$0].map { String(cString: $0) } }
  if arguments.count > 2, arguments[1] == "--seeds" {
    do {
      try Seeds.write(to: arguments[2], captures: Array(arguments[3...]))
      return 0
    } catch {
      let line = Array("spillway-fuzz: \(error)\n".utf8)
      _ = write(2, line, line.count)
      return 1
    }
  }
  var count = argc
  var vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = argv
  return runDriver(&count, &vector, test)
}
