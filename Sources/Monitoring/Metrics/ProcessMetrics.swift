import Foundation

/// What the kernel says of this process, as the client libraries of Prometheus name it; nothing where there is no
/// `/proc`.
enum ProcessMetrics {
  /// Numbers of this process.
  struct Numbers: Sendable, Hashable {
    /// Resident memory in bytes.
    var resident = 0.0
    /// Virtual memory in bytes.
    var virtual = 0.0
    /// Time on processors, in s.
    var processor = 0.0
    /// Files that are open.
    var files = 0.0
    /// Files that may be open.
    var fileLimit = 0.0
    /// Start, in s since 1970.
    var start = 0.0
  }

  /// The numbers now; nil where they cannot be read.
  static func read() -> Numbers? {
    guard let stat = text("/proc/self/stat"), let close = stat.lastIndex(of: ")") else { return nil }
    // Fields from the third on: the second is a name in brackets that may hold blanks (proc(5)).
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    guard fields.count > 21 else { return nil }
    func field(_ number: Int) -> Double { Double(fields[number - 3]) ?? 0 }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    var numbers = Numbers()
    numbers.processor = (field(14) + field(15)) / ticks
    numbers.virtual = field(23)
    numbers.resident = field(24) * Double(sysconf(Int32(_SC_PAGESIZE)))
    let boot = text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
    numbers.start = (boot.flatMap { Double($0.dropFirst(6)) } ?? 0) + field(22) / ticks
    numbers.files = Double(
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count ?? 0)
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      numbers.fileLimit = Double(limit.rlim_cur)
    }
    return numbers
  }

  private static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
