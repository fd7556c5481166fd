public import L0Trigger

/// What a study of menus found. A commutative monoid: the results of the bursts of a run, added, are that of
/// the run.
public struct StudyResult: Sendable, Hashable {
  /// Menus that were compared.
  public let menuCount: Int
  /// Bursts that ended.
  public internal(set) var bursts: UInt64 = 0
  /// What each menu did.
  public internal(set) var menus: [MenuCounts]
  /// What each two menus did differently: the pairs 0 1, 0 2, … 1 2, ….
  public internal(set) var differences: [MenuDifference]
  /// Primitives and their time differences, as the first menu lines them up.
  public internal(set) var primitives = PrimitiveStatistics()
  /// What came of the packets of primitives.
  public internal(set) var books = L0Books()
  /// What was recorded; counted only if it is compared.
  public internal(set) var recorded = RecordedTotals()
  /// How each menu compares with what was recorded; empty if it is not compared.
  public internal(set) var comparisons: [RecordedCounts]

  /// Nothing found.
  public init(menuCount: Int, options: MenuStudy.Options = MenuStudy.Options()) {
    self.menuCount = menuCount
    menus = Array(repeating: MenuCounts(), count: menuCount)
    let pairs = menuCount * max(0, menuCount - 1) / 2
    differences = Array(repeating: MenuDifference(examples: options.examples), count: pairs)
    comparisons =
      options.comparesRecorded
      ? Array(repeating: RecordedCounts(examples: options.examples), count: menuCount) : []
  }

  /// The menus of each pair, in the order of `differences`.
  public var pairs: [(first: Int, second: Int)] {
    (0..<menuCount).flatMap { i in ((i + 1)..<max(menuCount, i + 1)).map { (i, $0) } }
  }

  /// Adds what another part found with the same menus and options.
  public static func += (a: inout Self, b: Self) {
    guard a.menuCount == b.menuCount else { return }
    a.bursts += b.bursts
    for i in a.menus.indices { a.menus[i] += b.menus[i] }
    for i in a.differences.indices { a.differences[i] += b.differences[i] }
    a.primitives += b.primitives
    a.books += b.books
    a.recorded += b.recorded
    for i in a.comparisons.indices where b.comparisons.indices.contains(i) {
      a.comparisons[i] += b.comparisons[i]
    }
  }
}
