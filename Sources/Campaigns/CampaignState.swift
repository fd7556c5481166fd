public import Configuration

/// How far a campaign is: what its directory says, and nothing else.
public struct CampaignState: Sendable, Equatable {
  /// How far a task is.
  public enum Progress: String, Sendable, Hashable, CaseIterable {
    /// Its part is there.
    case done
    /// A process is at it, or has been and is gone.
    case underway
    /// It was run, and failed.
    case failed
    /// It was not run yet.
    case waiting
  }

  /// A task.
  public struct Task: Sendable, Equatable {
    /// Number.
    public let number: Int
    /// How far it is.
    public let progress: Progress
    /// Why it failed, where it did.
    public let failure: String?
    /// The bursts that are expected in it.
    public let bursts: [CampaignBurst]
    /// Paths of its inputs.
    public let inputs: [String]
  }

  /// The tasks, in their order.
  public let tasks: [Task]

  /// The state of a campaign.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - parts: the names in ``CampaignLayout/parts``.
  ///   - failures: what ``CampaignLayout/failure(_:)`` holds, by task.
  public init(_ plan: CampaignPlan, parts: [String], failures: [Int: String]) {
    var done: Set<Int> = []
    var underway: Set<Int> = []
    for name in parts {
      guard let (task, isDone) = CampaignLayout.meaning(name) else { continue }
      if isDone { done.insert(task) } else { underway.insert(task) }
    }
    tasks = plan.tasks.map { task in
      let failure = done.contains(task.number) ? nil : failures[task.number]
      let progress: Progress =
        done.contains(task.number)
        ? .done
        : underway.contains(task.number) ? .underway : failure != nil ? .failed : .waiting
      return Task(
        number: task.number, progress: progress, failure: failure, bursts: task.bursts,
        inputs: task.inputs.map { plan.inputs[$0].path })
    }
  }

  /// Tasks whose part is not there.
  public var missing: [Task] { tasks.filter { $0.progress != .done } }

  /// Bursts of ``missing`` tasks.
  public var missingBursts: [CampaignBurst] { missing.flatMap(\.bursts) }

  /// Whether all parts are there.
  public var isComplete: Bool { missing.isEmpty }

  /// Number of tasks that are so far.
  public func count(_ progress: Progress) -> Int { tasks.count { $0.progress == progress } }

  /// Numbers as a list of ranges: `1-3,7`.
  public static func ranges(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, number == last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }

  /// Bursts as a list: `1-3,7`, or with their runs `8000: 1-3; 8001: 4`.
  public static func list(_ bursts: [CampaignBurst]) -> String {
    var groups: [(run: UInt32?, bursts: [Int])] = []
    for burst in bursts {
      if let last = groups.last, last.run == burst.run {
        groups[groups.count - 1].bursts.append(Int(burst.burst))
      } else {
        groups.append((burst.run, [Int(burst.burst)]))
      }
    }
    return groups.map { group in
      (group.run.map { "\($0): " } ?? "") + ranges(group.bursts)
    }.joined(separator: "; ")
  }

  /// For a person: a line for the whole, and one for each task that is not done.
  public var text: String {
    let counts = Progress.allCases.map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
    let bursts = tasks.reduce(0) { $0 + $1.bursts.count }
    let there = bursts - missingBursts.count
    var text = "tasks: \(counts)\nbursts: \(there) of \(bursts)\n"
    if !missingBursts.isEmpty { text += "missing bursts: \(Self.list(missingBursts))\n" }
    for task in missing where task.progress != .waiting {
      text += "task \(task.number), \(task.progress.rawValue)"
      text += task.bursts.isEmpty ? "" : ", bursts \(Self.list(task.bursts))"
      text += task.failure.map { ": \($0)" } ?? ""
      text += "\n"
    }
    return text
  }

  /// For a program.
  public var value: ConfigValue {
    func list(_ bursts: [CampaignBurst]) -> ConfigValue {
      .list(
        bursts.map {
          .map([
            .init("run", $0.run.map { .int(Int($0)) } ?? .null), .init("burst", .int(Int($0.burst))),
          ])
        })
    }
    return .map([
      .init("schema", .string("spillway.campaign-state/1")),
      .init("complete", .bool(isComplete)),
      .init("tasks", .map(Progress.allCases.map { .init($0.rawValue, .int(count($0))) })),
      .init("bursts", .int(tasks.reduce(0) { $0 + $1.bursts.count })),
      .init("missing_bursts", list(missingBursts)),
      .init(
        "missing_tasks",
        .list(
          missing.map { task in
            .map([
              .init("task", .int(task.number)), .init("state", .string(task.progress.rawValue)),
              .init("failure", task.failure.map { .string($0) } ?? .null),
              .init("inputs", .list(task.inputs.map { .string($0) })), .init("bursts", list(task.bursts)),
            ])
          })),
    ])
  }
}
