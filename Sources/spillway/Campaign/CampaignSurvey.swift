import Campaigns
import L0Trigger
import NA62Formats
import PacketCapture
import TriggerPipeline

/// What the inputs of a campaign are, and by what they can be split.
struct CampaignSurvey {
  let inputs: [CampaignInput]
  let kind: CampaignInputKind
  /// The smallest parts, in the order of the data.
  let units: [CampaignUnit]
  /// Whether captures are taken to hold one burst each.
  private(set) var assumesSingleBursts = false

  /// Looks at inputs.
  ///
  /// - Parameters:
  ///   - input: all of them, as a replay has them.
  ///   - setup: the configuration.
  ///   - first: the first burst of captures.
  ///   - run: the run number, instead of those that inputs say.
  ///   - filter: the filter for captures.
  ///   - scans: whether captures are read to find their bursts.
  init(
    _ input: ReplayInput, setup: TriggerSetup, firstBurst first: UInt32, run: UInt32?, filter: String?,
    scans: Bool
  ) async throws {
    let files = input.files
    var inputs = try files.map { file in
      CampaignInput(
        path: file.path, identity: try CampaignInput.Identity(path: file.path), run: file.run,
        burst: file.burst)
    }
    if input.saysBursts {
      kind = input.isBurstFiles ? .burstFiles : .primitiveFiles
      units = Self.byName(inputs, run: run)
      self.inputs = inputs
      return
    }
    kind = .captures
    do {
      if !scans, let units = try Self.byCapture(inputs, filter: filter, firstBurst: first, run: run) {
        self.units = units
        assumesSingleBursts = true
      } else {
        Terminal.note("reading the captures to find their bursts")
        async let digests = Self.digests(files.map(\.path))
        let scan = try StreamScan(input, layout: setup.menu.l1?.layout)
        units = Self.byScan(scan, firstBurst: first, run: run)
        // Of inputs that several tasks read, so that each reads only its part.
        let count = Dictionary(units.flatMap(\.inputs).map { ($0, 1) }, uniquingKeysWith: +)
        for (index, digest) in await digests.enumerated() where count[index, default: 0] > 1 {
          inputs[index].sha256 = digest?.sha256
        }
      }
    } catch { throw Failure.usage(error) }
    self.inputs = inputs
    guard !units.isEmpty else { throw Failure.usage("\(input): there is no packet in it; give other inputs") }
  }

  private static func digests(_ paths: [String]) async -> [InputDigest?] {
    var digests: [InputDigest?] = []
    for path in paths { digests.append(await InputDigest.of(path: path)) }
    return digests
  }

  /// Files that say their bursts: those of one burst belong together.
  private static func byName(_ inputs: [CampaignInput], run: UInt32?) -> [CampaignUnit] {
    var units: [CampaignUnit] = []
    for (index, input) in inputs.enumerated() {
      if let last = units.last?.inputs.last, inputs[last].run == input.run, inputs[last].burst == input.burst
      {
        units[units.count - 1].inputs.append(index)
        units[units.count - 1].bytes += input.identity.bytes
      } else {
        units.append(
          CampaignUnit(
            inputs: [index], bursts: [CampaignBurst(run: run ?? input.run, burst: input.burst ?? 0)],
            bytes: input.identity.bytes))
      }
    }
    return units
  }

  /// Captures one after the other; nil where that is not how they begin.
  private static func byCapture(
    _ inputs: [CampaignInput], filter: String?, firstBurst: UInt32, run: UInt32?
  ) throws(CaptureError) -> [CampaignUnit]? {
    guard inputs.count > 1 else { return nil }
    var begins: [(time: DataTime, input: Int)] = []
    for (index, input) in inputs.enumerated() {
      var options = CaptureOptions(filter: filter)
      options.slabSize = 1 << 16
      let reader = try CaptureReader(inputs: [CaptureInput(path: input.path)], options: options)
      guard let time = try reader.next()?.datagrams.first?.time else { return nil }
      begins.append((time, index))
    }
    begins.sort { ($0.time, $0.input) < ($1.time, $1.input) }
    let areApart = zip(begins, begins.dropFirst()).allSatisfy { a, b in
      b.time.seconds(since: a.time) > L0Emulator.burstPause
    }
    guard areApart else { return nil }
    return begins.enumerated().map { place, begin in
      CampaignUnit(
        inputs: [begin.input], begin: begin.time.nanoseconds,
        bursts: [CampaignBurst(run: run, burst: firstBurst &+ UInt32(clamping: place))],
        bytes: inputs[begin.input].identity.bytes)
    }
  }

  /// What a scan has found.
  private static func byScan(_ scan: StreamScan, firstBurst: UInt32, run: UInt32?) -> [CampaignUnit] {
    var next = firstBurst
    return scan.pieces.map { piece in
      let bursts = (0..<piece.bursts).map { CampaignBurst(run: run, burst: next &+ UInt32(clamping: $0)) }
      next = next &+ UInt32(clamping: piece.bursts)
      return CampaignUnit(
        inputs: piece.inputs, skipped: piece.skipped, datagrams: piece.datagrams, endsInputs: piece.isLast,
        bursts: bursts, bytes: piece.bytes)
    }
  }
}
