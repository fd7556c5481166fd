/// What makes a candidate.
public enum SelectionTopology: String, CaseIterable, Hashable, Sendable {
  /// A vertex of as many tracks as there are roles, with their charges.
  case vertex
  /// One track, of the charge of the only role.
  case track
  /// The event itself.
  case event
}

/// What one track of a candidate is taken to be.
public struct SelectionRole: Hashable, Sendable {
  /// Its name in the selection's variables.
  public let name: String
  /// +1 or -1.
  public let charge: Int
  /// Its mass hypothesis.
  public let mass: ParticleMass
}

/// All ways to give the tracks of a candidate their roles, by the charges of the tracks.
///
/// Roles of equal charge and mass are identical: they are taken in the order of the tracks, once. The ways
/// follow one another in the order of the first role's track, then the second's, and so on.
struct RoleAssignments: Sendable {
  /// Largest number of roles.
  static let limit = 6

  private let roles: Int
  /// Where the ways of each pattern begin; bit i of a pattern is set where track i is positive.
  private let starts: [Int]
  /// For each way the track of each role.
  private let table: [UInt8]

  init(_ roles: [SelectionRole]) {
    self.roles = roles.count
    var starts = [0]
    var table: [UInt8] = []
    for pattern in 0..<(1 << roles.count) {
      var way: [UInt8] = []
      Self.extend(&way, roles, pattern, &table)
      starts.append(table.count)
    }
    self.starts = starts
    self.table = table
  }

  /// How many ways there are for a pattern of charges.
  func count(_ pattern: Int) -> Int {
    roles == 0 ? 1 : (starts[pattern + 1] - starts[pattern]) / roles
  }

  /// The track of a role in a way.
  func member(_ way: Int, _ pattern: Int, role: Int) -> Int {
    Int(table[starts[pattern] + way * roles + role])
  }

  private static func extend(
    _ way: inout [UInt8], _ roles: [SelectionRole], _ pattern: Int, _ table: inout [UInt8]
  ) {
    let role = way.count
    guard role < roles.count else {
      table += way
      return
    }
    for track in 0..<roles.count where !way.contains(UInt8(track)) {
      guard (pattern >> track & 1 == 1) == (roles[role].charge > 0) else { continue }
      let isOrdered = way.indices.allSatisfy { earlier in
        let isIdentical =
          roles[earlier].charge == roles[role].charge && roles[earlier].mass == roles[role].mass
        return !isIdentical || way[earlier] < track
      }
      guard isOrdered else { continue }
      way.append(UInt8(track))
      extend(&way, roles, pattern, &table)
      way.removeLast()
    }
  }
}
