/// The names of the bits of primitive identifiers, which changed with the runs (`l0tp.md` 2.1).
public struct PrimitiveBits: Sendable, Hashable {
  /// A bit by its detector and number.
  public struct Bit: Sendable, Hashable {
    /// The detector.
    public var detector: L0Detector
    /// The number, 0 to 14.
    public var number: Int

    /// A bit.
    public init(_ detector: L0Detector, _ number: Int) {
      self.detector = detector
      self.number = number
    }
  }

  /// The run.
  public let run: Int
  /// The run numbers that a menu can name.
  public static let runs = 0...999_999
  /// The bits of the runs since 7962, as in 2018.
  public static let latest = PrimitiveBits(run: 9000)

  /// The bits as they were in a run.
  public init(run: Int) { self.run = run }

  /// Runs with closed collimators, in which L0Calo had one bit only, at another place.
  private static let axionRuns: Set<Int> = Set(
    [7858, 7859, 7980, 7981, 8179, 8279, 8477, 8478] + Array(8762...8774))

  /// The names, each with its bit; the first name of a bit is the one to show.
  public var named: [(name: String, bit: Bit)] {
    var list: [(String, Bit)] = [
      ("CHOD", Bit(.chod, 14)), ("RICH", Bit(.rich, 14)), ("LAV", Bit(.lav12, 14)),
      ("LAV12", Bit(.lav12, 14)), ("MUV3", Bit(.muv3, 14)), ("MUV", Bit(.muv3, 14)),
      ("NewCHOD", Bit(.newCHOD, 14)), ("Q1", Bit(.newCHOD, 14)),
    ]
    let muv3 =
      run >= 7962
      ? ["MQE1", "MQE2", "MQE3", "MQE4", "MTO1", "MT1", "MTO2", "MT2", "MOQ2", "MOQX"]
      : ["ML1", "MT1", "MLO1", "MTO1", "MLO2", "MTO2", "MMO2", "ML2", "MT2", "MM2"]
    for (number, name) in (muv3 + ["MO1", "M1", "MO2", "M2"]).enumerated() {
      list.append((name, Bit(.muv3, number)))
    }
    let quadrants = (7000...7613).contains(run) ? "CNT" : "QE"
    let newCHOD =
      (1...4).map { "\(quadrants)\($0)" }
      + ["HO1", "HTO1", "H1", "HT1", "H2", "HT2", "Q2", "QX", "UTMC", "UTMCO"]
    for (number, name) in newCHOD.enumerated() { list.append((name, Bit(.newCHOD, number))) }
    if Self.axionRuns.contains(run) {
      list.append(("LKr", Bit(.lkr, 10)))
    } else if run >= 7000 {
      // That LKr10, LKr20 and LKr40 of line names are E10, E20 and E40, and LKr30 is bit 14, is an
      // assumption (`l0tp.md` section 8, 7).
      list += [
        ("LKr", Bit(.lkr, 14)), ("LKr30", Bit(.lkr, 14)), ("LKr10", Bit(.lkr, 13)), ("E10", Bit(.lkr, 13)),
        ("LKr20", Bit(.lkr, 12)), ("E20", Bit(.lkr, 12)), ("LKr40", Bit(.lkr, 11)), ("E40", Bit(.lkr, 11)),
        ("C1E10", Bit(.lkr, 9)), ("C2E10", Bit(.lkr, 8)),
      ]
    } else {
      list += [("LKr", Bit(.lkr, 14)), ("LKr20", Bit(.lkr, 14))]
    }
    return list
  }

  /// The bit of a name, or `nil`.
  public subscript(name: String) -> Bit? { named.first { $0.name == name }?.bit }

  /// The name of a bit: the field's, or as `LKr[3]`.
  public func name(of bit: Bit) -> String {
    named.first { $0.bit == bit }?.name ?? "\(bit.detector.name)[\(bit.number)]"
  }
}
