import EventBuilding
import NA62Formats

/// Finds what a configuration allows but can hardly mean (`l1.md` 6.4, "Consequences").
struct L1MenuCheck {
  let configuration: L1Configuration
  let layout: EventLayout

  /// The warnings, each with the number of its mask.
  var warnings: [(mask: Int, text: String)] {
    var result: [(mask: Int, text: String)] = []
    for (number, mask) in configuration.masks.enumerated() {
      let enabled = configuration.chain(of: mask)
      for algorithm in enabled where !hasSource(algorithm) {
        result.append((number, "\(algorithm.name) reads a source that is not configured"))
      }
      result += chainWarnings(mask, enabled).map { (number, $0) }
      let downscaled = L1Algorithm.decisionOrder.filter { mask[$0].isDownscaled }
        .sorted { $0.rawValue < $1.rawValue }
      if !configuration.corrections.contains(.everyDownscaling),
        let first = downscaled.first, downscaled.count > 1
      {
        result.append((number, "several algorithms are downscaled; only that of \(first.name) takes effect"))
      }
      if mask[.straw].isEnabled, mask[.straw].xx == 0 {
        result.append((number, "STRAW is asked for no flag, so that its result is always positive"))
      }
      if mask[.straw].isEnabled, mask[.straw].xx > 0x3F {
        result.append((number, "STRAW is asked for flags beyond bit 5, which it never raises"))
      }
      if mask[.muv3].isEnabled, mask[.muv3].xx > 2 {
        result.append((number, "MUV3 has no variant \(mask[.muv3].xx), so that none runs"))
      }
    }
    return result
  }

  private func chainWarnings(_ mask: L1Mask, _ enabled: [L1Algorithm]) -> [String] {
    guard !enabled.isEmpty else { return [] }
    switch outcome(mask, enabled) {
    case .passes: return []
    case .blocked:
      guard enabled.allSatisfy(hasSource) else { return ["no event can pass"] }
      let chain = enabled.sorted { mask[$0].processID < mask[$1].processID }
        .map { "\($0.name) \(mask[$0].processID)" }.joined(separator: ", ")
      let order = enabled.map(\.name).joined(separator: ", ")
      return [
        "no event can pass: the chain \(chain) does not follow the code's order \(order) or a rotation of it"
      ]
    case .timeout:
      return ["the chain can never be completed, which NA62's code reports as a timeout and keeps the event"]
    }
  }

  private enum Outcome { case passes, blocked, timeout }

  /// The best that can become of a mask: the loop of NA62's code with every algorithm passing.
  private func outcome(_ mask: L1Mask, _ enabled: [L1Algorithm]) -> Outcome {
    var passed: UInt8 = 0
    var process = 0
    var loops = 0
    chain: while loops != 10 && process != enabled.count {
      for algorithm in enabled {
        if mask[algorithm].processID == process, hasSource(algorithm) {
          process += 1
          passed |= algorithm.bit
        }
        if passed & algorithm.bit == 0, process != 0, !mask[algorithm].isFlagged {
          loops += 1
          break chain
        }
      }
      loops += 1
    }
    if loops == 10 && process != enabled.count { return .timeout }
    return enabled.allSatisfy { passed & $0.bit != 0 } ? .passes : .blocked
  }

  private func hasSource(_ algorithm: L1Algorithm) -> Bool {
    let source: SourceID =
      switch algorithm {
      case .chod: .chod
      case .rich: .rich
      case .ktag: .ktag
      case .lav: .lav
      case .ircSac, .newCHOD: .ircSacNewCHOD
      case .straw: .straw
      case .muv3: .muv3
      }
    return layout.index(of: source) != nil
  }
}
