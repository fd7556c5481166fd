public import EventBuilding
import NA62Formats

/// The L1 data block, payload of source 0x44: every decision with its inputs and configuration
/// (`l1.md` 6.6).
public enum L1DataBlock {
  /// The block of an event.
  ///
  /// Bytes that NA62's code leaves unwritten are zero.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - evaluation: what the algorithms said.
  ///   - decision: the verdict; where it does not write the block, the block is all zero.
  ///   - configuration: the configuration that was run.
  public static func encode(
    event: BuiltEvent, evaluation: L1Evaluation, decision: L1Decision, configuration: L1Configuration
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(configuration.dataBlockByteCount)
    guard decision.writesBlock else {
      return [UInt8](repeating: 0, count: configuration.dataBlockByteCount)
    }
    out.append(12)
    out.append(event.l0.fineTime)
    out.append(
      UInt8(truncatingIfNeeded: configuration.referenceSource) & 0xF | (configuration.flagMode ? 0x10 : 0))
    out.append(2)
    out.appendLittle(UInt16(truncatingIfNeeded: configuration.downscaleFactor))
    out.appendLittle(UInt16(truncatingIfNeeded: configuration.reductionFactor))
    out.append(UInt8(truncatingIfNeeded: configuration.dataBlockMasks.count))
    out.append(UInt8(truncatingIfNeeded: unsignedWord(configuration.bypassProbability)))
    out.appendLittle(UInt16(truncatingIfNeeded: configuration.autoFlagFactor))
    // Bit 7 of the last algorithm packet that was written, over all masks.
    var quality: UInt8 = 0
    for number in configuration.dataBlockMasks {
      appendMask(number, event, evaluation, decision, configuration, &quality, &out)
    }
    return out
  }

  private static func appendMask(
    _ number: Int, _ event: BuiltEvent, _ evaluation: L1Evaluation, _ decision: L1Decision,
    _ configuration: L1Configuration, _ quality: inout UInt8, _ out: inout [UInt8]
  ) {
    let mask = configuration.masks[number]
    let logic = MaskLogic(mask, isListed: true)
    let isLooked = evaluation.plan.path == .masks
    let fineTime = isLooked ? event.l0.fineTime : 0
    let xx = mask[.straw].xx
    var flags: UInt8 = 0
    if logic.flagged > 0 { flags |= 0x40 }
    if logic.count == 0 { flags |= 0x10 }
    if evaluation.timeout { flags |= 0x04 }
    if xx & 0x3C != 0 { flags = 1 }
    let header = out.count
    out.append(UInt8(logic.count))
    out.append(decision.masks & (1 << UInt16(number)) != 0 ? 1 : 0)
    out.append(UInt8(number))
    out.append(flags)
    out.appendLittle(UInt16(truncatingIfNeeded: mask.reduction))
    out.append(0)
    out.append(0)
    let isFired = event.l0.flags & (1 << UInt16(number)) != 0
    for algorithm in L1Algorithm.allCases where logic.enabled & algorithm.bit != 0 {
      let words = algorithm == .straw ? 13 : 4
      out.append(UInt8(words))
      guard isFired else {
        out += [UInt8](repeating: 0, count: 4 * words - 1)
        continue
      }
      let settings = mask[algorithm]
      let state = evaluation.info.state(algorithm)
      var quality8: UInt8 = UInt8(truncatingIfNeeded: settings.reference << 7)
      let isProcessed =
        algorithm == .muv3 ? evaluation.info.muv3Variants != 0 : state.contains(.processed)
      if isProcessed { quality8 |= 0x40 }
      if state.contains(.empty) { quality8 |= 0x10 }
      if state.contains(.badData) { quality8 |= 0x04 }
      if state.contains(.overflow) { quality8 |= 0x02 }
      if evaluation.words[number] & algorithm.bit != 0 { quality8 |= 0x01 }
      quality = quality8 & 0x80
      out.append(UInt8(truncatingIfNeeded: settings.processID))
      out.append(UInt8(algorithm.rawValue))
      out.append(quality8)
      out.appendLittle(UInt16(truncatingIfNeeded: settings.downscaling))
      out.append(UInt8(truncatingIfNeeded: unsignedWord(settings.window)))
      out.append(
        0x40 | (settings.isFlagged ? 0x10 : 0) | (settings.isPositive ? 0x04 : 0)
          | (settings.isDownscaled ? 1 : 0))
      appendData(algorithm, settings, fineTime, evaluation.info, &out)
    }
    if quality == 0 { out[header + 6] = event.l0.fineTime }
    out[header + 7] = quality & 0xF | UInt8(truncatingIfNeeded: xx >> 2 & 15) << 4
  }

  private static func appendData(
    _ algorithm: L1Algorithm, _ settings: L1AlgorithmSettings, _ fineTime: UInt8, _ info: L1EventInfo,
    _ out: inout [UInt8]
  ) {
    if algorithm == .straw {
      for i in 0..<4 { out.appendLittle(unsignedWord(Double(info.straw.vertices[i]))) }
      for i in 0..<4 { out.appendLittle(unsignedWord(Double(info.straw.momenta[i]))) }
      out.appendLittle(unsignedWord(Double(info.straw.cda)))
      out.appendLittle(unsignedWord(Double(info.straw.distance)))
      out.appendLittle(info.straw.tracks)
      return
    }
    let count: UInt32
    switch algorithm {
    case .chod: count = info.chodHits
    case .ktag: count = info.ktagSectors
    case .lav: count = info.lavHits
    case .ircSac: count = info.ircSacHits
    case .muv3: count = info.muv3Tiles
    case .newCHOD: count = info.newCHODHits
    case .straw, .rich: count = 0
    }
    // KTAG writes its words only with a reference it could use.
    let hasReference =
      settings.reference == 0 || settings.reference == 1 && info.state(.chod).contains(.processed)
    out.appendLittle(algorithm == .ktag && !hasReference ? 0 : count)
    switch settings.reference {
    case 0: out.appendLittle(UInt32(fineTime))
    case 1: out.appendLittle(unsignedWord(algorithm == .newCHOD ? info.newCHODAverage : info.chodAverage))
    default: out.appendLittle(UInt32(0))
    }
  }

  /// A real value as 32 bits, as x86-64 converts it: truncated to a signed 64-bit integer whose low half is
  /// kept, and 0 where it does not fit (`l1.md` 6.6).
  static func unsignedWord(_ value: Double) -> UInt32 {
    guard value > -0x1p63, value < 0x1p63 else { return 0 }
    return UInt32(truncatingIfNeeded: Int64(value))
  }
}
