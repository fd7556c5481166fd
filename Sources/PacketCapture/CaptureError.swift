/// Why an input cannot be read or an output cannot be written: one line that says what, where and what to do.
public enum CaptureError: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is no file of this name.
  case noSuchFile(path: String)
  /// A pattern matches no file.
  case noMatch(pattern: String)
  /// The file may not be read.
  case permissionDenied(path: String)
  /// The system refused to open or read the file, for `reason`.
  case cannotRead(path: String, reason: String)
  /// The directory holds no capture.
  case noCaptures(directory: String)
  /// A directory stands where a file is needed.
  case isDirectory(path: String)
  /// The file has no bytes.
  case emptyFile(path: String)
  /// The file is not a capture; `looksLike` says what it is, if known.
  case notACapture(path: String, looksLike: String?)
  /// libpcap refuses the header of the file with `message`.
  case badHeader(path: String, message: String)
  /// The frames are of a link layer that cannot be read; `name` is libpcap's name.
  case unsupportedLinkType(path: String, name: String)
  /// libpcap refuses the filter with `message`.
  case badFilter(filter: String, message: String)
  /// Standard input is given more than once.
  case standardInputTwice
  /// Raw primitive files, such as `primitives`, and `other`, which is none, are given together.
  case mixedInputs(primitives: String, other: String)
  /// The file is longer than `limit` bytes once decompressed.
  case tooLarge(path: String, limit: Int)
  /// The compressed file is broken `offset` bytes into the decompressed data.
  case brokenCompression(path: String, offset: UInt64, message: String)
  /// There is no network interface of this name; `known` are those that there are.
  case noSuchInterface(name: String, known: [String])
  /// This user may not capture on, or send by, the interface.
  case interfacePermission(name: String)
  /// The interface cannot be captured on or sent by, for `reason`.
  case cannotUseInterface(name: String, reason: String)
  /// The text does not name a host and a port to send to, for `reason`.
  case badDestination(text: String, reason: String)
  /// The input is not what the plan of a campaign says of it.
  case notAsPlanned(path: String, message: String)
  /// The output cannot be written, for `reason`.
  case cannotWrite(path: String, reason: String)

  /// One line: what, where, and what to do.
  public var description: String {
    switch self {
    case .noSuchFile(let path): "\(path): no such file; check the path"
    case .noMatch(let pattern): "\(pattern): no file matches this pattern; check it, and its quoting"
    case .permissionDenied(let path): "\(path): permission denied; make it readable for this user"
    case .cannotRead(let path, let reason): "\(path): cannot be read: \(reason)"
    case .noCaptures(let directory):
      "\(directory): this directory holds no capture file; give one with pcap or pcapng files directly in it"
    case .isDirectory(let path): "\(path): is a directory; give the files in it"
    case .emptyFile(let path):
      "\(path): the file is empty; was the capture interrupted before its first write?"
    case .notACapture(let path, let looksLike):
      "\(path): not a capture"
        + (looksLike.map { ": it looks like \($0)" } ?? ": it begins with no known magic number")
        + "; give a pcap or pcapng file, plain or compressed with gzip or zstd"
    case .badHeader(let path, let message):
      "\(path): the header of the capture cannot be read: \(message); the file may be cut or corrupt"
    case .unsupportedLinkType(let path, let name):
      "\(path): link type \(name) is not supported; capture Ethernet, Linux cooked or raw IP"
    case .badFilter(let filter, let message):
      "filter '\(filter)': \(message); see the manual page pcap-filter(7)"
    case .standardInputTwice: "-: standard input is given more than once; give it once"
    case .mixedInputs(let primitives, let other):
      "\(other): not a raw primitive file as \(primitives) is; replay them apart"
    case .tooLarge(let path, let limit): "\(path): longer than the limit of \(limit) bytes; split it"
    case .brokenCompression(let path, let offset, let message):
      "\(path): \(message), \(offset) bytes into the decompressed data; copy the file again from its origin"
    case .noSuchInterface(let name, let known):
      "interface \(name): there is none of this name; there are \(known.joined(separator: ", "))"
    case .interfacePermission(let name):
      "interface \(name): not permitted; run as root, or give the program CAP_NET_RAW with setcap(8)"
    case .cannotUseInterface(let name, let reason): "interface \(name): \(reason)"
    case .badDestination(let text, let reason):
      "\(text): \(reason); give HOST for the recorded ports, or HOST:PORT for one port"
    case .notAsPlanned(let path, let message): "\(path): \(message)"
    case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
    }
  }
}
