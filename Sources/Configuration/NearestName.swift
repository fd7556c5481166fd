/// Finds the valid name that a misspelt one was probably meant to be.
public enum NearestName {
  /// The candidate nearest to `name` by edit distance, ignoring case; nil where none is near.
  ///
  /// Near means at most two edits, or a third of the length of longer names. The first of equally near
  /// candidates is returned.
  public static func of(_ name: String, in candidates: [String]) -> String? {
    let limit = max(2, name.utf8.count / 3)
    guard name.utf8.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let distance = editDistance(name.lowercased(), candidate.lowercased())
      guard distance <= limit, distance < max(name.utf8.count, candidate.utf8.count) else { continue }
      if let found = best, found.distance <= distance { continue }
      best = (candidate, distance)
    }
    return best?.name
  }

  /// Least number of insertions, deletions, substitutions and swaps of neighbours from `a` to `b`.
  public static func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    guard !a.isEmpty, !b.isEmpty else { return a.count + b.count }
    var before: [Int] = []
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var current = [i]
      for j in 1...b.count {
        let same = a[i - 1] == b[j - 1]
        var cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, before[j - 2] + 1) }
        current.append(cost)
      }
      before = previous
      previous = current
    }
    return previous[b.count]
  }
}
