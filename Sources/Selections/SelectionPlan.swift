/// What evaluating a selection takes, behind one reference: a selection that is taken out of a list to look at
/// an event then costs one count of references, and not one for each of its arrays.
final class SelectionPlan: Sendable {
  let requiresKept: Bool
  let triggerConditions: [SelectionCondition]
  let topology: SelectionTopology
  let roleCount: Int
  /// The charge of the first role; 0 without roles.
  let firstCharge: Int
  let cutCount: Int
  let isBlind: Bool
  let program: SelectionProgram
  let assignments: RoleAssignments
  let constants: SelectionConstants

  init(
    requiresKept: Bool, triggerConditions: [SelectionCondition], topology: SelectionTopology,
    roles: [SelectionRole], cutCount: Int, isBlind: Bool, program: SelectionProgram,
    constants: SelectionConstants
  ) {
    self.requiresKept = requiresKept
    self.triggerConditions = triggerConditions
    self.topology = topology
    roleCount = roles.count
    firstCharge = roles.first?.charge ?? 0
    self.cutCount = cutCount
    self.isBlind = isBlind
    self.program = program
    assignments = RoleAssignments(roles)
    self.constants = constants
  }
}
