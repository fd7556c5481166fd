extension MutableCollection where Self: RandomAccessCollection, Index == Int {
  /// Sorts what is short or nearly in order; equal elements stay in their order.
  @inline(__always)
  mutating func sortByInsertion(by precedes: (Element, Element) -> Bool) {
    var i = startIndex + 1
    while i < endIndex {
      let element = self[i]
      var place = i
      while place > startIndex, precedes(element, self[place - 1]) {
        self[place] = self[place - 1]
        place -= 1
      }
      if place != i { self[place] = element }
      i += 1
    }
  }
}
