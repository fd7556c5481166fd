/// Where the files of a campaign are.
public struct CampaignLayout: Sendable, Hashable {
  /// The campaign's directory.
  public let directory: String

  /// The layout of a directory.
  public init(directory: String) { self.directory = directory }

  /// The plan; it is written last, so that a directory that has it is whole.
  public var plan: String { "\(directory)/plan.json" }
  /// The configuration as it takes effect, for people.
  public var configuration: String { "\(directory)/configuration" }
  /// Descriptions of the tasks.
  public var tasks: String { "\(directory)/tasks" }
  /// What the engine runs.
  public var engine: String { "\(directory)/engine" }
  /// What the tasks print.
  public var logs: String { "\(directory)/logs" }
  /// Why tasks failed.
  public var failures: String { "\(directory)/failures" }
  /// Run directories of the tasks.
  public var parts: String { "\(directory)/parts" }
  /// The run directory of the whole.
  public var result: String { "\(directory)/result" }
  /// What was handed to an engine.
  public var submissions: String { "\(directory)/submissions.json" }
  /// Held while tasks are handed to an engine.
  public var lock: String { "\(directory)/lock" }
  /// What a campaign says of a part or of the result, in its run directory.
  public static let record = "campaign.json"

  /// All directories.
  public var directories: [String] { [configuration, tasks, engine, logs, failures, parts] }

  /// How a task is called in names of files.
  public static func name(_ task: Int) -> String {
    let digits = String(task)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// The description of a task.
  public func task(_ number: Int) -> String { "\(tasks)/\(Self.name(number)).json" }
  /// The run directory of a task that is done.
  public func part(_ number: Int) -> String { "\(parts)/\(Self.name(number))" }
  /// Why a task failed when it was run last.
  public func failure(_ number: Int) -> String { "\(failures)/\(Self.name(number)).txt" }
  /// What a task prints.
  public func log(_ number: Int) -> String { "\(logs)/\(Self.name(number)).log" }

  /// The directory that a process makes a part in, before it is renamed.
  public func underway(_ number: Int, host: String, process: Int32) -> String {
    let safe = String(host.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" })
    return "\(part(number)).\(safe).\(process).tmp"
  }

  /// What a name in ``parts`` means; nil for others.
  static func meaning(_ name: String) -> (task: Int, isDone: Bool)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let first = parts.first, let task = Int(first), self.name(task) == first else { return nil }
    if parts.count == 1 { return (task, true) }
    return parts.count == 4 && parts[3] == "tmp" ? (task, false) : nil
  }

  /// The directories in ``parts`` that processes of a host have left for a task, with the processes' numbers.
  public func leftovers(of task: Int, host: String, among names: [String]) -> [(path: String, process: Int32)]
  {
    names.compactMap { name in
      let parts = name.split(separator: ".")
      guard parts.count == 4, let process = Int32(parts[2]),
        underway(task, host: host, process: process) == "\(self.parts)/\(name)"
      else { return nil }
      return ("\(self.parts)/\(name)", process)
    }
  }
}
