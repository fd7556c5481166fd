/// What a menu calls the logic of an algorithm.
enum LogicWord: String, CaseIterable {
  case require, veto
}

/// What a menu calls the time reference of an algorithm; the raw order is NA62's number.
enum ReferenceWord: String, CaseIterable {
  case l0tp = "L0TP"
  case chod = "CHOD"
}

/// What a menu calls the flags of STRAW, from bit 0 of `xx` (`l1.md` 5.9.9).
enum StrawFlagWord: String, CaseIterable {
  case pnn
  case exotic
  case multiTrack = "multi-track"
  case displacedLoose = "displaced-loose"
  case displacedTight = "displaced-tight"
  case oneTrack = "one-track"
}

/// What a menu calls the variants of MUV3, by the value of `xx` (`l1.md` 5.8).
enum MUV3VariantWord: String, CaseIterable {
  case tight
  case leftRight = "left-right"
  case neighbours
}

extension CaseIterable where Self: Equatable {
  /// Place of the case among all, from 0.
  var place: Int {
    Self.allCases.enumerated().first { $0.element == self }?.offset ?? 0
  }
}

extension L1Algorithm {
  /// The algorithm with a name of a menu, among those that take part in the decision.
  init?(menuName: String) {
    guard let found = Self.decisionOrder.first(where: { $0.name == menuName }) else { return nil }
    self = found
  }
}
