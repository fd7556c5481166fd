/// What a corrected run does besides what NA62's code does; none of it is called without a correction.
extension StrawAlgorithm {
  /// Leaves of the event's edges only those of mapped channels.
  ///
  /// - Parameter edgeCount: the number of edges.
  /// - Returns: the number of those that are left.
  func dropUnmapped(_ edgeCount: Int) -> Int {
    var kept = 0
    // Key 0 stands for all channels that are not mapped.
    for i in 0..<edgeCount where keys[codes[i].channel] != 0 {
      codes[kept] = codes[i]
      offsets[kept] = offsets[i]
      kept += 1
    }
    return kept
  }
}
