public import L1Trigger

/// What a report says of a menu: enough to write the tables of a run again from what it has counted.
public struct ReportMenu: Codable, Hashable, Sendable {
  /// A mask.
  struct Mask: Codable, Hashable, Sendable {
    var name: String
    /// `L1Algorithm.rawValue` of the enabled algorithms, in the order of the chain.
    var chain: [Int]
  }

  /// Name of the menu.
  public let name: String
  /// Hash of the menu.
  public let hash: String
  /// What depends on the events before, over bursts: counters that merged runs do not carry from one to the next.
  public let counters: [String]
  let masks: [Mask]

  /// What a report says of a menu of L1.
  ///
  /// - Parameters:
  ///   - menu: the menu.
  ///   - configuration: what takes effect of it, where options changed it.
  public init(_ menu: L1Menu, effective configuration: L1Configuration? = nil) {
    let l1 = configuration ?? menu.configuration
    name = menu.name
    hash = menu.hash
    masks = l1.masks.map { mask in
      let enabled = L1Algorithm.decisionOrder.filter { mask[$0].isEnabled }
        .sorted { mask[$0].processID < mask[$1].processID }
      return Mask(name: mask.name, chain: enabled.map(\.rawValue))
    }
    var counters: [String] = []
    // Counters of one burst carry nothing over.
    let runsOn = l1.counters == .run
    if runsOn, l1.reductionFactor > 1 { counters.append("the global reduction") }
    if runsOn, l1.downscaleFactor > 1 { counters.append("the global downscaling") }
    if runsOn, l1.bypassProbability != 0 { counters.append("the bypass lottery") }
    if runsOn, !l1.flagMode, l1.autoFlagFactor > 1 { counters.append("autoflag") }
    for (number, mask) in l1.masks.enumerated() where runsOn {
      let enabled = L1Algorithm.allCases.filter { mask[$0].isEnabled }
      if mask.reduction > 1 || enabled.contains(where: { mask[$0].isDownscaled && mask[$0].downscaling > 1 })
      {
        counters.append("mask \(number)")
      }
    }
    if l1.strawScratch == .original { counters.append("the scratch memory of STRAW") }
    self.counters = counters
  }

  /// Whether it has the masks that there are, as it may not where it was read.
  public var isWhole: Bool {
    masks.count == 16 && masks.allSatisfy { $0.chain.allSatisfy { L1Algorithm(rawValue: $0) != nil } }
  }

  /// The enabled algorithms of a mask.
  func chain(_ mask: Int) -> [L1Algorithm] { masks[mask].chain.compactMap(L1Algorithm.init) }
}
