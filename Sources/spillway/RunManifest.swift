import Alerting
import Configuration
import EventBuilding
import NA62Formats
import PacketCapture
import TriggerPipeline

/// What every run directory's `run.json` says of the run, whatever was run.
struct RunManifest {
  /// The inputs with their hashes.
  var inputs: [ConfigValue]
  var run: UInt32?
  /// Identifier of the first burst; `nil` where the inputs say theirs.
  var firstBurst: UInt32?
  /// The menu's file.
  var menu: String
  var configurationHash: String
  /// The share of the events, where it is not all of them.
  var shard: EventShard?
  /// How far counters reach.
  var counters = CounterScope.run
  /// Whether a signal stopped the replay before the end of the inputs.
  var wasStopped = false

  /// The manifest with further entries.
  func value(_ entries: [ConfigValue.Entry], wallTime: DataTime) -> ConfigValue {
    .map(
      [
        ConfigValue.Entry("schema", .string("spillway.run/2")),
        ConfigValue.Entry(
          "versions",
          .map([
            ConfigValue.Entry("spillway", .string(Spillway.version)),
            ConfigValue.Entry("libpcap", .string(CaptureReader.libraryVersion)),
          ])),
        ConfigValue.Entry("inputs", .list(inputs)),
        ConfigValue.Entry("run", run.map { .int(Int($0)) } ?? .null),
        ConfigValue.Entry("first_burst", firstBurst.map { .int(Int($0)) } ?? .null),
        ConfigValue.Entry("menu", .string(menu)),
        ConfigValue.Entry("configuration_hash", .string(configurationHash)),
        ConfigValue.Entry("counters", .string(counters.rawValue)),
      ] + (shard.map { [ConfigValue.Entry("node", $0.configValue)] } ?? [])
        + (wasStopped ? [ConfigValue.Entry("stopped", .bool(true))] : []) + entries
        + [ConfigValue.Entry("t_wall", .string(wallTime.rfc3339))])
  }

  /// Hashes the inputs beside the replay, and only where there is a manifest to write the hashes to.
  static func digests(of input: some SessionInput, isWanted: Bool) -> Task<[InputDigest?], Never> {
    Task { [files = isWanted ? input.files : []] in
      var digests: [InputDigest?] = []
      for file in files {
        if let known = input.knownDigest(of: file.path) {
          digests.append(known)
        } else {
          digests.append(await InputDigest.of(path: file.path))
        }
      }
      return digests
    }
  }

  /// The inputs as the manifest has them.
  static func inputs(_ input: some SessionInput, _ digests: [InputDigest?]) -> [ConfigValue] {
    inputs(input.files, digests)
  }

  /// Inputs as the manifest has them.
  static func inputs(
    _ files: [(path: String, run: UInt32?, burst: UInt32?)], _ digests: [InputDigest?]
  ) -> [ConfigValue] {
    zip(files, digests).map { file, digest in
      var entries = [
        ConfigValue.Entry("path", .string(file.path)),
        ConfigValue.Entry("bytes", digest.map { .int(Int(clamping: $0.bytes)) } ?? .null),
        ConfigValue.Entry("sha256", digest.map { .string($0.sha256) } ?? .null),
      ]
      if let run = file.run { entries.append(ConfigValue.Entry("run", .int(Int(run)))) }
      if let burst = file.burst { entries.append(ConfigValue.Entry("burst", .int(Int(burst)))) }
      return .map(entries)
    }
  }
}

extension EventShard {
  /// As a manifest has it.
  var configValue: ConfigValue {
    .map([.init("index", .int(Int(node))), .init("of", .int(Int(nodes)))])
  }

  /// The share that a manifest tells; nil without one.
  init?(manifest: ConfigValue) {
    guard case .map(let entries) = manifest,
      case .map(let share)? = entries.first(where: { $0.key == "node" })?.value
    else { return nil }
    func number(_ key: String) -> UInt32? {
      guard case .int(let value)? = share.first(where: { $0.key == key })?.value else { return nil }
      return UInt32(exactly: value)
    }
    guard let node = number("index"), let nodes = number("of") else { return nil }
    self.init(node: node, of: nodes)
  }
}
