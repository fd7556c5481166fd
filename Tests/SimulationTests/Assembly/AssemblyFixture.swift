import L0Trigger
import L1Trigger
import NA62Formats
import SpillwayTestSupport

@testable import Simulation

/// Short simulated bursts.
enum AssemblyFixture {
  private static let loadedMenu = Result { try L1Menu.load(path: RepositoryPaths.menu("kaon-2018.yaml")) }
  private static let loadedLines = Result { try L0Menu.load(path: RepositoryPaths.menu("kaon-2018.yaml")) }
  private static let loadedBurst = Result {
    try BurstConfiguration.load(path: RepositoryPaths.path("Configs/simulation/kaon-2018.yaml"))
  }

  /// A stretch of a kaon burst, from 2 s on, with more three-pion decays and lower downscalings than there are.
  static func setup(
    intensity: Double = 0.02, milliseconds: Double = 1.5, seed: UInt64 = 7, lkr: Bool = true,
    keepsTruth: Bool = true
  ) throws -> SimulationSetup {
    var burst = try loadedBurst.get()
    burst.scale(intensity: intensity)
    let signal = ChannelTable([(KaonChannel.threePions, 1.0)]).flatMap { burst.signal($0, rate: 40_000) }
    var lines = try loadedLines.get()
    for i in lines.masks.indices { lines.masks[i].downscaling = L0Downscaling(1) }
    lines.control.downscaling = L0Downscaling(50)
    let menu = try loadedMenu.get()
    var detectors = menu.detectors
    if !lkr { detectors = try SimulationFixture.detectors() }
    var setup = try SimulationSetup(
      burst: burst, signal: signal, response: SimulationFixture.response(), detectors: detectors, l0: lines,
      l1: menu.configuration, seed: seed, stretch: 2e9...(2e9 + milliseconds * 1e6))
    setup.keepsTruth = keepsTruth
    return setup
  }

  /// The slices of a burst, in order.
  static func products(_ setup: SimulationSetup, burst: UInt32 = 1) -> [SliceProduct] {
    var maker = SliceMaker(setup, burst: burst)
    let raws = setup.rawSlices.map { maker.raw($0) }
    return setup.slices.compactMap { slice in
      guard let raw = raws.first(where: { $0.slice == slice }) else { return nil }
      return maker.product(raw, neighbours: raws.filter { abs($0.slice - slice) == 1 })
    }
  }

  /// The whole run, step by step.
  static func outputs(_ setup: SimulationSetup) throws -> [SimulatedOutput] {
    let assembler = BurstAssembler(setup)
    var outputs = try products(setup).map { try assembler.add($0) }
    outputs.append(try assembler.endBurst())
    return outputs
  }

  /// A frame of the capture.
  struct Frame {
    var time: Int64
    var bytes: [UInt8]

    func big(_ offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }
    func little(_ offset: Int, _ count: Int) -> Int {
      (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    /// The UDP payload, by the fixed offsets of `l1.md` 1.2.
    var payload: [UInt8] { Array(bytes[42..<(34 + big(38))]) }
    var port: Int { big(36) }
  }

  /// All frames in their order.
  static func frames(_ outputs: [SimulatedOutput]) -> [Frame] {
    outputs.flatMap { output in
      output.packets.flatMap { packets in
        packets.frames.map { frame in
          Frame(
            time: frame.time, bytes: Array(packets.batch.bytes[frame.offset..<(frame.offset + frame.length)]))
        }
      }
    }
  }
}
