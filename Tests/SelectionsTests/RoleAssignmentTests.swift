import Testing

@testable import Selections

@Suite struct RoleAssignmentTests {
  private func roles(_ text: String) -> [SelectionRole] {
    text.split(separator: " ").enumerated().map { index, word in
      SelectionRole(
        name: "r\(index)", charge: word.last == "+" ? 1 : -1,
        mass: ParticleMass(rawValue: String(word.dropLast())) ?? .pion)
    }
  }

  @Test func identicalRolesAreAssignedOnceAndInOrder() {
    // Tracks 0, 2, 3 are positive: each may be the pion, the others are the positrons in their order.
    let roles = roles("pi+ e+ e+ e- e-")
    let assignments = RoleAssignments(roles)
    let pattern = 0b01101
    #expect(assignments.count(pattern) == 3)
    let ways = (0..<3).map { way in roles.indices.map { assignments.member(way, pattern, role: $0) } }
    #expect(ways == [[0, 2, 3, 1, 4], [2, 0, 3, 1, 4], [3, 0, 2, 1, 4]])
  }

  @Test func differentHypothesesAreAllTried() {
    let assignments = RoleAssignments(roles("pi+ mu+ e-"))
    #expect(assignments.count(0b011) == 2)
    #expect(assignments.count(0b101) == 2)
  }

  @Test func otherChargesGiveNoWay() {
    let assignments = RoleAssignments(roles("pi+ pi+ pi-"))
    #expect((0..<8).map { assignments.count($0) } == [0, 0, 0, 1, 0, 1, 1, 0])
  }
}
