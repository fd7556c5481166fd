public import Configuration
public import Detectors

extension L1Configuration {
  /// The configuration in the words of a menu, every default written out.
  var effective: ConfigValue {
    .map([
      .init("bypass_probability", .double(bypassProbability)),
      .init("bypass_seed", .int(Int(truncatingIfNeeded: bypassSeed))),
      .init("reduction", .int(Int(reductionFactor))),
      .init("downscaling", .int(Int(downscaleFactor))),
      .init("flag_mode", .bool(flagMode)),
      .init("autoflag_every", .int(Int(autoFlagFactor))),
      .init("reference_source", .int(referenceSource)),
      .init("straw_scratch", .string(strawScratch.rawValue)),
      .init("corrections", corrections.effective),
      .init("data_block_masks", .list(dataBlockMasks.map { .int($0) })),
      .init("masks", .list(masks.enumerated().map { $0.element.effective(number: $0.offset) })),
    ])
  }
}

extension L1Mask {
  /// The mask in the words of a menu.
  fileprivate func effective(number: Int) -> ConfigValue {
    let chain = L1Algorithm.decisionOrder.filter { self[$0].isEnabled }
      .sorted { self[$0].processID < self[$1].processID }
    let disabled = L1Algorithm.decisionOrder.filter {
      !self[$0].isEnabled && self[$0] != L1AlgorithmSettings(defaultsOf: $0)
    }
    var entries: [ConfigValue.Entry] = [
      .init("number", .int(number)),
      .init("name", .string(name)),
      .init("reduction", .int(Int(reduction))),
      .init("chain", .list(chain.map { self[$0].effective(of: $0) })),
    ]
    if !disabled.isEmpty {
      entries.append(.init("disabled", .list(disabled.map { self[$0].effective(of: $0) })))
    }
    return .map(entries)
  }
}

extension L1AlgorithmSettings {
  /// The settings in the words of a menu.
  fileprivate func effective(of algorithm: L1Algorithm) -> ConfigValue {
    let references = ReferenceWord.allCases
    var entries: [ConfigValue.Entry] = [
      .init("algorithm", .string(algorithm.name)),
      .init("process", .int(processID)),
      .init("window", .string("\(window) ns")),
      .init("logic", .string((isPositive ? LogicWord.require : .veto).rawValue)),
      .init("flag", .bool(isFlagged)),
      .init(
        "reference",
        references.indices.contains(reference)
          ? .string(references[reference].rawValue) : .int(reference)),
      .init("xx", .int(Int(xx))),
    ]
    if isDownscaled || downscaling != 1 {
      entries.append(.init("downscaling", .int(Int(downscaling))))
      entries.append(.init("downscaled", .bool(isDownscaled)))
    }
    return .map(entries)
  }
}

extension DetectorConfiguration {
  /// The sources, and the SHA-256 of the maps.
  public func effective(isNamed: Bool) -> ConfigValue {
    var entries: [ConfigValue.Entry] = isNamed ? [.init("name", .string(name))] : []
    entries += [
      .init("timestamp_source", .int(Int(sources.timestampSource.rawValue))),
      .init("l0", .list(sources.l0.map(\.effective))),
      .init("l1", .list(sources.l1.map(\.effective))),
      .init("maps_sha256", .string(maps.effective.sha256)),
    ]
    return .map(entries)
  }
}

extension SourceList.Entry {
  fileprivate var effective: ConfigValue {
    .map([.init("id", .int(Int(id.rawValue))), .init("boards", .int(boards))])
  }
}

extension L1DetectorMaps {
  fileprivate var effective: ConfigValue {
    let maps: [(String, ContiguousArray<Int32>)] = [
      ("chod", chod), ("newCHOD", newCHOD), ("muv3", muv3), ("straw", straw), ("lav", lav),
      ("ircSac", ircSac),
      ("rich", rich),
    ]
    return .map(
      maps.map { name, map in .init(name, .list(map.map { .int(Int($0)) })) } + [
        .init(
          "richPosition", .list(richPosition.flatMap { [.double(Double($0.x)), .double(Double($0.y))] })),
        .init("strawStationT0", .double(strawStationT0)),
        .init("strawMagicT0", .double(strawMagicT0)),
        .init("strawMezzanineT0", .list(strawMezzanineT0.map { .double($0) })),
      ])
  }
}
