/// A stretch of the run, such as a burst: its exposure, its expected background, and its events in order.
///
/// Within a segment exposure and background grow together; an event's place is the fraction of the segment
/// that had passed before it. Events whose place is not known count at the end of the segment, which is where
/// the test then looks: that costs power, never validity.
public struct ExposureSegment: Sendable, Hashable {
  /// Its number; segments are ordered by it, as by run and burst.
  public let index: UInt64
  /// Signal exposure in the unit of the experiment; nil as long as it is not known.
  public internal(set) var exposure: Double?
  /// Expected background in events; nil as long as the exposure is.
  public internal(set) var background: Double?
  /// Places of the events, 0 to 1, ascending.
  public internal(set) var events: [Double] = []
  /// Events without a place.
  public internal(set) var unplaced = 0
  /// Places of the events of a parallel sideband, 0 to 1, ascending.
  public internal(set) var sideband: [Double] = []
  /// Events of the sideband without a place.
  public internal(set) var unplacedSideband = 0

  init(index: UInt64) { self.index = index }

  /// A whole segment, with places in any order.
  ///
  /// Throws for an exposure, a background or a count that is negative or not finite, and for places outside
  /// 0 to 1.
  public init(
    index: UInt64, exposure: Double, background: Double, events: [Double] = [], unplaced: Int = 0,
    sideband: [Double] = [], unplacedSideband: Int = 0
  ) throws {
    self.index = index
    try set(exposure: exposure, background: background)
    try InputCheck.count(unplaced, "events of segment \(index)")
    try InputCheck.count(unplacedSideband, "sideband events of segment \(index)")
    for place in events { try Self.check(place, index) }
    for place in sideband { try Self.check(place, index) }
    self.events = Self.sorted(events)
    self.sideband = Self.sorted(sideband)
    self.unplaced = unplaced
    self.unplacedSideband = unplacedSideband
  }

  static func check(_ place: Double, _ index: UInt64) throws {
    guard place >= 0, place <= 1 else {
      throw StatisticsError.invalidInput(
        name: "place of an event in segment \(index)", value: "\(place)", expected: "a fraction from 0 to 1")
    }
  }

  /// A zero has one sign, so that equal contents are equal bits.
  private static func sorted(_ places: [Double]) -> [Double] { places.map { $0 + 0 }.sorted() }

  mutating func set(exposure: Double, background: Double) throws {
    guard exposure.isFinite, exposure >= 0 else {
      throw StatisticsError.invalidInput(
        name: "exposure of segment \(index)", value: "\(exposure)", expected: "a finite number, 0 or more")
    }
    try InputCheck.mean(background, "background of segment \(index)")
    if let known = self.exposure, let expected = self.background,
      known != exposure || expected != background
    {
      throw StatisticsError.invalidInput(
        name: "exposure and background of segment \(index)", value: "\(exposure), \(background)",
        expected: "those given before, \(known), \(expected)")
    }
    self.exposure = exposure + 0
    self.background = background + 0
  }

  /// Adds an event at its place, after those at the same place.
  mutating func insert(_ place: Double, inSideband: Bool) {
    let value = place + 0
    if inSideband { Self.insert(value, &sideband) } else { Self.insert(value, &events) }
  }

  private static func insert(_ value: Double, _ places: inout [Double]) {
    guard let last = places.last, last > value else { return places.append(value) }
    var low = 0
    var high = places.count
    while low < high {
      let middle = low + (high - low) / 2
      if places[middle] <= value { low = middle + 1 } else { high = middle }
    }
    places.insert(value, at: low)
  }

  /// The events of both, which must not share any.
  mutating func merge(_ other: ExposureSegment) throws {
    var sum = self
    if let exposure = other.exposure, let background = other.background {
      try sum.set(exposure: exposure, background: background)
    }
    sum.unplaced = try Self.sum(unplaced, other.unplaced, index)
    sum.unplacedSideband = try Self.sum(unplacedSideband, other.unplacedSideband, index)
    sum.events = (events + other.events).sorted()
    sum.sideband = (sideband + other.sideband).sorted()
    self = sum
  }

  static func sum(_ a: Int, _ b: Int, _ index: UInt64) throws -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw StatisticsError.countOverflow("\(a) + \(b) events of segment \(index)") }
    return sum
  }

  /// How far the placed events have been gone through.
  struct Cursor: Sendable {
    var events = 0
    var sideband = 0
    /// The place of the last one.
    var place = 0.0
  }

  /// Steps through the placed events behind the cursor, in order. Of a sideband's and a signal event at one
  /// place the former is first.
  func forEachPlaced(
    from cursor: inout Cursor, _ body: (_ place: Double, _ events: Int, _ sideband: Int) throws -> Void
  ) rethrows {
    while cursor.events < events.count || cursor.sideband < sideband.count {
      let isSideband =
        cursor.sideband < sideband.count
        && (cursor.events == events.count || sideband[cursor.sideband] <= events[cursor.events])
      let place = isSideband ? sideband[cursor.sideband] : events[cursor.events]
      try body(place, isSideband ? 0 : 1, isSideband ? 1 : 0)
      if isSideband { cursor.sideband += 1 } else { cursor.events += 1 }
      cursor.place = place
    }
  }

  /// Steps through the whole segment in order: its placed events, then its end with those without a place.
  func forEachStep(
    _ body: (_ place: Double, _ events: Int, _ sideband: Int, _ isEnd: Bool) throws -> Void
  ) rethrows {
    var cursor = Cursor()
    try forEachPlaced(from: &cursor) { try body($0, $1, $2, false) }
    try body(1, unplaced, unplacedSideband, true)
  }
}
