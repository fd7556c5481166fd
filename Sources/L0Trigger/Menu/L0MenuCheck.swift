extension L0Menu {
  /// What is legal but is likely not meant, as a mask that can never fire; one line each.
  public var warnings: [String] {
    var result: [String] = []
    let lines =
      masks.map { ("mask \($0.number)", $0.isEnabled, $0.condition) }
      + [("control", control.isEnabled, control.condition)]
    for (name, isEnabled, condition) in lines where isEnabled {
      if condition.isImpossible {
        result.append("\(name) can never fire: a bit has mask 0 and dontcare 1")
      } else if L0Detector.allCases.contains(where: { condition[$0, 15] == .required }) {
        result.append("\(name) can never fire: it requires bit 15, which no word has")
      }
    }
    if masks.contains(where: \.isEnabled), timeCuts[referenceDetector.rawValue] <= 0 {
      result.append(
        "the time cut of the reference detector \(referenceDetector.name) is 0: not even its own primitive passes"
      )
    }
    if fixedLatency <= 768 || fixedLatency >= 32768 {
      result.append(
        "fixed_latency is \(fixedLatency) ticks; the processor works with more than 768 and less than 32768")
    }
    if usesStaleCount, counting != .header {
      result.append("stale_count has an effect with 'count_mode: header' only")
    }
    return result
  }
}
