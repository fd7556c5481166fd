/// The least few of many elements: a bounded list of examples that does not depend on the order in which
/// they were seen. A commutative monoid.
public struct FirstFew<Element: Comparable & Hashable & Sendable>: Sendable, Hashable {
  /// Elements that are kept.
  public let capacity: Int
  /// The elements, in order.
  public private(set) var elements: [Element] = []

  /// An empty list for `capacity` elements.
  public init(capacity: Int) { self.capacity = max(0, capacity) }

  /// Adds an element, if it is among the least.
  public mutating func add(_ element: Element) {
    if elements.count >= capacity {
      guard let last = elements.last, element < last else { return }
      elements.removeLast()
    }
    var place = elements.count
    while place > 0, element < elements[place - 1] { place -= 1 }
    elements.insert(element, at: place)
  }

  /// Adds those of another part.
  public static func += (a: inout Self, b: Self) {
    for element in b.elements { a.add(element) }
  }
}
