/// The columns of a ``QuantityTable``: raw values count up from 0.
public protocol TableColumn: CaseIterable, RawRepresentable<Int>, Hashable, Sendable {
  /// Name in selection files, without the table's own.
  var name: String { get }
  /// What the values measure.
  var dimension: Dimension { get }
}

/// Rows of numbers, such as the tracks of one event: NaN stands for "not available".
///
/// The storage is one array, reused from event to event.
public struct QuantityTable<Column: TableColumn>: Sendable {
  /// Number of rows.
  public private(set) var count = 0
  // What is inlinable below is specialised for its columns in the rooms that fill the tables.
  @usableFromInline var cells: [Double] = []
  @usableFromInline let width = Column.allCases.count

  /// A table without rows.
  public init() {}

  /// Takes all rows away and keeps the storage.
  public mutating func removeAll() {
    count = 0
    cells.removeAll(keepingCapacity: true)
  }

  /// Adds a row in which nothing is available, and gives its index.
  @discardableResult
  public mutating func append() -> Int {
    cells.append(contentsOf: repeatElement(.nan, count: width))
    count += 1
    return count - 1
  }

  /// The value of a column in a row below ``count``.
  @inlinable
  public subscript(column: Column, row: Int) -> Double {
    get { cells[row * width + column.rawValue] }
    set { cells[row * width + column.rawValue] = newValue }
  }

  /// The value of the column of that raw value.
  subscript(at column: Int, row row: Int) -> Double { cells[row * width + column] }
}
