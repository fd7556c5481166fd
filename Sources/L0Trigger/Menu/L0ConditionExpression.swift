extension L0Condition {
  /// The condition in the words of a menu, one name per demand, vetoes last; ``L0ConditionParser`` reads it
  /// back.
  ///
  /// `nil` where words cannot say it: it is impossible, or demands something of bit 15, which no name has.
  public func expression(bits: PrimitiveBits) -> String? {
    var required: [String] = []
    var forbidden: [String] = []
    for detector in L0Detector.allCases {
      guard self[detector, 15] == .ignored else { return nil }
      for number in 0...14 {
        let bit = PrimitiveBits.Bit(detector, number)
        switch self[detector, number] {
        case .ignored: break
        case .required: required.append(bits.name(of: bit))
        case .forbidden: forbidden.append("!" + bits.name(of: bit))
        case .impossible: return nil
        }
      }
    }
    let terms = required + forbidden
    return terms.isEmpty ? "any" : terms.joined(separator: " & ")
  }
}
