public import EventBuilding
public import L1Trigger

/// A value of a variable in one event.
public enum SelectionValue: Hashable, Sendable {
  /// A number, in the variable's unit.
  case number(Double)
  /// A count, a code, or a set of bits.
  case integer(Int)
  /// True or false.
  case flag(Bool)
}

/// What a selection on L1 quantities looks at: one event and what L1 says of it.
public struct SelectionInput: Sendable {
  /// The event.
  public var event: BuiltEvent
  /// The quantities that the algorithms found.
  public var evaluation: L1Evaluation
  /// The final verdict of L1.
  public var decision: L1Decision

  /// An event with what L1 says of it.
  @inlinable
  public init(event: BuiltEvent, evaluation: L1Evaluation, decision: L1Decision) {
    self.event = event
    self.evaluation = evaluation
    self.decision = decision
  }

  /// Whether L1 keeps the event.
  @inlinable
  public var isKept: Bool { !decision.word.isEmpty }

  /// The value of a variable; nil where it is unavailable.
  public func value(of variable: L1Variable) -> SelectionValue? {
    guard isAvailable(variable) else { return nil }
    return switch variable.kind {
    case .integer: .integer(Int(number(variable)))
    case .real: .number(number(variable))
    case .code, .masks, .bits: .integer(Int(bits(variable)))
    case .truth: .flag(truth(variable))
    }
  }

  /// Whether the variable was computed in this event (see ``L1Variable``).
  public func isAvailable(_ variable: L1Variable) -> Bool {
    guard variable.kind != .truth, let algorithm = variable.algorithm else { return true }
    let info = evaluation.info
    let state = info.state(algorithm)
    guard state.contains(.processed) else { return false }
    switch variable {
    case .muv3Tiles: return info.muv3Variants & 4 != 0
    case .strawTracks: return !state.contains(.overflow)
    case .strawP0, .strawVertexZ0: return !state.contains(.overflow) && info.straw.tracks > 0
    case .strawP1, .strawVertexZ1: return !state.contains(.overflow) && info.straw.tracks > 1
    case .strawP2, .strawVertexZ2: return !state.contains(.overflow) && info.straw.tracks > 2
    case .strawP3, .strawVertexZ3: return !state.contains(.overflow) && info.straw.tracks > 3
    case .strawCDA, .strawDistance: return !state.contains(.overflow) && info.straw.distance > 0
    default: return true
    }
  }

  /// The value of an integer or real variable.
  func number(_ variable: L1Variable) -> Double {
    let info = evaluation.info
    return switch variable {
    case .timestamp: Double(event.timestamp)
    case .fineTime: Double(event.l0.fineTime)
    case .chodHits: Double(info.chodHits)
    case .ktagSectors: Double(info.ktagSectors)
    case .lavHits: Double(info.lavHits)
    case .ircSacHits: Double(info.ircSacHits)
    case .newCHODPairs: Double(info.newCHODHits)
    case .muv3Tiles: Double(info.muv3Tiles)
    case .strawTracks: Double(info.straw.tracks)
    case .strawP0: Double(info.straw.momenta[0])
    case .strawP1: Double(info.straw.momenta[1])
    case .strawP2: Double(info.straw.momenta[2])
    case .strawP3: Double(info.straw.momenta[3])
    case .strawVertexZ0: Double(info.straw.vertices[0])
    case .strawVertexZ1: Double(info.straw.vertices[1])
    case .strawVertexZ2: Double(info.straw.vertices[2])
    case .strawVertexZ3: Double(info.straw.vertices[3])
    case .strawCDA: Double(info.straw.cda)
    case .strawDistance: Double(info.straw.distance)
    default: .nan
    }
  }

  /// The value of a variable that is a code or a set of bits.
  func bits(_ variable: L1Variable) -> UInt16 {
    switch variable {
    case .l0Word: UInt16(event.l0.word.rawValue)
    case .l0DataType: UInt16(event.l0.dataType.rawValue)
    case .l0Flags: event.l0.flags
    case .l1Word: UInt16(decision.word.rawValue)
    case .l1AcceptedMasks: decision.masks
    case .strawFlags: UInt16(evaluation.info.straw.flags)
    default: 0
    }
  }

  /// The value of a variable that is true or false.
  func truth(_ variable: L1Variable) -> Bool {
    guard let algorithm = variable.algorithm else { return false }
    let state = evaluation.info.state(algorithm)
    return switch variable {
    case .strawOverflow: state.contains(.overflow)
    case .chodBadData, .ktagBadData, .lavBadData, .ircSacBadData, .newCHODBadData, .muv3BadData,
      .strawBadData:
      state.contains(.badData)
    default: state.contains(.processed)
    }
  }
}
