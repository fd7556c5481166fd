public import Foundation
import Configuration

/// A campaign as it was planned: inputs, configuration, and the tasks that make one run of them.
///
/// Everything that a task needs is in it, so that a node reads one file. Its bytes follow from the arguments and the
/// inputs alone; their hash is what parts are recognized by.
public struct CampaignPlan: Codable, Sendable, Equatable {
  /// Name and version of the layout.
  public static let schema = "spillway.campaign/1"

  /// ``schema`` of the Spillway that made it.
  public var schema = Self.schema
  /// Version of that Spillway.
  public var version: String
  /// Hash of all of the configuration that can change a result.
  public var configurationHash: String
  /// The directory that the paths of inputs and configuration are relative to.
  public var workingDirectory: String
  /// The campaign's directory.
  public var directory: String
  /// The program that the engine runs.
  public var program: String
  /// What runs the tasks.
  public var engine: CampaignEngine
  /// What each task is run with.
  public var options: CampaignOptions
  /// What the inputs are.
  public var kind: CampaignInputKind
  /// The inputs, in the order of the run.
  public var inputs: [CampaignInput]
  /// The tasks, in the order of the data.
  public var tasks: [CampaignTask]

  /// A plan; see the properties.
  public init(
    version: String, configurationHash: String, workingDirectory: String, directory: String, program: String,
    engine: CampaignEngine, options: CampaignOptions, kind: CampaignInputKind, inputs: [CampaignInput],
    tasks: [CampaignTask]
  ) {
    self.version = version
    self.configurationHash = configurationHash
    self.workingDirectory = workingDirectory
    self.directory = directory
    self.program = program
    self.engine = engine
    self.options = options
    self.kind = kind
    self.inputs = inputs
    self.tasks = tasks
  }

  /// As it is stored: JSON with sorted keys.
  public func data() throws -> Data { try CampaignJSON.encode(self) }

  /// What a plan is recognized by: SHA-256 of its bytes.
  public static func identity(of data: Data) -> String { SHA256.hex(of: [UInt8](data)) }

  /// Reads what was stored; throws `CampaignError` where it is not whole.
  ///
  /// - Parameters:
  ///   - data: the bytes.
  ///   - path: where they came from, for errors.
  public init(data: Data, path: String) throws {
    struct Head: Decodable { var schema: String }
    guard let head = try? JSONDecoder().decode(Head.self, from: data) else {
      throw CampaignError("\(path): not the plan of a campaign; make one with 'spillway campaign plan'")
    }
    guard head.schema == Self.schema else {
      throw CampaignError("\(path): of version \(head.schema), this reads \(Self.schema); plan again")
    }
    do { self = try JSONDecoder().decode(CampaignPlan.self, from: data) } catch {
      throw CampaignError("\(path): the plan is not whole; plan again")
    }
    guard isWhole else { throw CampaignError("\(path): the plan contradicts itself; plan again") }
  }

  /// Whether tasks are numbered from 1 and name inputs that there are.
  private var isWhole: Bool {
    !tasks.isEmpty && zip(tasks, 1...).allSatisfy { $0.number == $1 }
      && tasks.allSatisfy { task in
        task.burstsBefore >= 0 && !task.inputs.isEmpty
          && (task.inputs + (task.next.map { [$0.input] } ?? [])).allSatisfy(inputs.indices.contains)
          && zip(task.inputs, task.inputs.dropFirst()).allSatisfy(<)
      }
  }

  /// All bursts, in the order of the data.
  public var bursts: [CampaignBurst] { tasks.flatMap(\.bursts) }

  /// The task of a number; throws `CampaignError` where there is none.
  public func task(_ number: Int) throws -> CampaignTask {
    guard tasks.indices.contains(number - 1) else {
      throw CampaignError("task \(number): there is none; \(directory) has the tasks 1 to \(tasks.count)")
    }
    return tasks[number - 1]
  }
}

/// What the inputs of a campaign are.
public enum CampaignInputKind: String, Codable, Sendable, Hashable {
  /// Captures, which do not say their bursts.
  case captures
  /// NA62's burst files.
  case burstFiles
  /// Raw primitive files.
  case primitiveFiles
}

/// How the files of campaigns are written.
enum CampaignJSON {
  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return try encoder.encode(value) + Data("\n".utf8)
  }
}
