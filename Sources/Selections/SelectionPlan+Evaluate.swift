import Detectors

extension SelectionPlan {
  /// A candidate, as the tie rule compares it.
  private struct Candidate {
    var stage = -1
    var isUnavailable = false
    var chi2 = Double.infinity
    var container = -1
    var pattern = 0
    var way = 0
  }

  private enum Answer {
    case holds, fails, unavailable
  }

  /// The verdict on one event; the numbers of its best candidate are then in the workspace. Where this wants
  /// something that the event awaits, the verdict is none.
  ///
  /// - Parameters:
  ///   - event: The event.
  ///   - workspace: Storage made for a list of selections that this one is in.
  func evaluate(_ event: SelectionEvent, _ workspace: inout SelectionWorkspace) -> SelectionOutcome {
    workspace.wanted = []
    guard isTriggered(event.input) else { return SelectionOutcome(verdict: .notEntered) }
    workspace.clear(program.slots.count)
    var best = Candidate()
    var isSealed = false
    var prefix = Candidate()
    workspace.trackCount = 0
    advance(&prefix, from: 0, to: program.eventPrefix, event, &workspace)
    switch topology {
    case .event: consider(prefix, event, &workspace, &best, &isSealed)
    case .track:
      for track in 0..<event.tracks.count where event.tracks[.charge, track] * Double(firstCharge) > 0 {
        var candidate = prefix
        candidate.container = track
        candidate.chi2 = event.tracks[.chi2, track]
        candidate.pattern = firstCharge > 0 ? 1 : 0
        consider(candidate, event, &workspace, &best, &isSealed)
      }
    case .vertex:
      for vertex in 0..<event.vertices.count where event.memberCount(ofVertex: vertex) == roleCount {
        guard let pattern = pattern(event, vertex), assignments.count(pattern) > 0 else { continue }
        var candidate = prefix
        candidate.container = vertex
        candidate.chi2 = event.vertices[.chi2, vertex]
        candidate.pattern = pattern
        consider(candidate, event, &workspace, &best, &isSealed)
      }
    }
    return outcome(best, isSealed, event, &workspace)
  }

  private func isTriggered(_ input: SelectionInput) -> Bool {
    guard !requiresKept || input.isKept else { return false }
    for condition in triggerConditions {
      guard input.isAvailable(condition.variable), condition.holds(in: input) else { return false }
    }
    return true
  }

  /// The charges of a vertex's tracks as bits, set where positive; nil where one is not known.
  private func pattern(_ event: SelectionEvent, _ vertex: Int) -> Int? {
    var pattern = 0
    for member in 0..<roleCount {
      let charge = event.tracks[.charge, event.track(member, ofVertex: vertex)]
      if charge > 0 { pattern |= 1 << member } else if !(charge < 0) { return nil }
    }
    return pattern
  }

  // MARK: Candidates

  /// Looks at all role assignments of a vertex or track that has come through the event's own cuts.
  private func consider(
    _ start: Candidate, _ event: SelectionEvent, _ workspace: inout SelectionWorkspace,
    _ best: inout Candidate, _ isSealed: inout Bool
  ) {
    var shared = start
    setContainer(shared, event, &workspace)
    if shared.stage == program.eventPrefix {
      advance(&shared, from: program.eventPrefix, to: program.containerPrefix, event, &workspace)
    }
    // What the roles cannot change is decided once; the first assignment stands for all.
    guard shared.stage == program.containerPrefix else {
      keep(shared, &workspace, &best)
      return
    }
    for way in 0..<assignments.count(shared.pattern) {
      var candidate = shared
      candidate.way = way
      setRoles(candidate, event, &workspace)
      advance(&candidate, from: program.containerPrefix, to: cutCount, event, &workspace)
      if candidate.stage == cutCount {
        if isAwaited(program.regionParts, event, &workspace) { return }
        run(program.regionInstructions, event, candidate.container, &workspace)
        let regions = regions(workspace)
        let blind = constants.blindRegions
        if isBlind, blind == 0 || regions.bits & blind != 0 { isSealed = true }
      }
      keep(candidate, &workspace, &best)
    }
  }

  private func keep(_ candidate: Candidate, _ workspace: inout SelectionWorkspace, _ best: inout Candidate) {
    guard
      candidate.stage > best.stage || candidate.stage == best.stage && candidate.chi2 < best.chi2
        || candidate.stage == best.stage && best.chi2.isNaN && !candidate.chi2.isNaN
    else { return }
    best = candidate
    for slot in program.slots.indices { workspace.best[slot] = workspace.slots[slot] }
  }

  private func outcome(
    _ best: Candidate, _ isSealed: Bool, _ event: SelectionEvent, _ workspace: inout SelectionWorkspace
  ) -> SelectionOutcome {
    guard best.stage >= 0 else { return SelectionOutcome(verdict: .failed(condition: 0)) }
    swap(&workspace.slots, &workspace.best)
    let offset = topology == .event ? 0 : 1
    var outcome = SelectionOutcome(verdict: .selected)
    outcome.stage = best.stage
    outcome.container = best.container
    outcome.isSealed = isSealed
    if best.stage < cutCount {
      let step = best.stage + offset
      outcome.verdict = best.isUnavailable ? .unavailable(condition: step) : .failed(condition: step)
    } else {
      let regions = regions(workspace)
      (outcome.regions, outcome.isAmbiguous) = (regions.bits, regions.isAmbiguous)
    }
    fill(best, event, &workspace)
    return outcome
  }

  /// Calculates what the histograms and scans need of the best candidate.
  private func fill(_ best: Candidate, _ event: SelectionEvent, _ workspace: inout SelectionWorkspace) {
    var isSet = false
    for stage in 0...best.stage where !program.fillInstructions[stage].isEmpty {
      if isAwaited(program.fillParts[stage], event, &workspace) { return }
      if !isSet {
        setContainer(best, event, &workspace)
        setRoles(best, event, &workspace)
        isSet = true
      }
      run(program.fillInstructions[stage], event, best.container, &workspace)
    }
  }

  private func setContainer(
    _ candidate: Candidate, _ event: SelectionEvent, _ workspace: inout SelectionWorkspace
  ) {
    workspace.trackCount = roleCount
    switch topology {
    case .event: break
    case .track:
      workspace.tracks[0] = candidate.container
      // Cuts on the one track do not wait for the roles to be dealt.
      workspace.roleTracks[0] = candidate.container
    case .vertex:
      for member in 0..<roleCount {
        workspace.tracks[member] = event.track(member, ofVertex: candidate.container)
      }
    }
  }

  private func setRoles(
    _ candidate: Candidate, _ event: SelectionEvent, _ workspace: inout SelectionWorkspace
  ) {
    for role in 0..<roleCount {
      let p: SIMD3<Double>
      if topology == .track {
        workspace.roleTracks[role] = candidate.container
        p = event.momentum(ofTrack: candidate.container)
      } else {
        let member = assignments.member(candidate.way, candidate.pattern, role: role)
        workspace.roleTracks[role] = workspace.tracks[member]
        p = event.momentum(member, ofVertex: candidate.container)
      }
      let mass = constants.masses[role]
      workspace.momenta[role] = SIMD4(p.x, p.y, p.z, ((p * p).sum() + mass * mass).squareRoot())
    }
  }

  // MARK: Cuts

  /// Lets a candidate pass the cuts from one stage to another, as far as it comes.
  private func advance(
    _ candidate: inout Candidate, from first: Int, to end: Int, _ event: SelectionEvent,
    _ workspace: inout SelectionWorkspace
  ) {
    candidate.stage = first
    while candidate.stage < end {
      let cut = program.cuts[candidate.stage]
      if isAwaited(cut.parts, event, &workspace) { return }
      run(cut.instructions, event, candidate.container, &workspace)
      switch answer(cut, event, workspace) {
      case .holds: candidate.stage += 1
      case .fails: return
      case .unavailable:
        candidate.isUnavailable = true
        return
      }
    }
  }

  /// Whether an event awaits some of the parts, which are noted as wanted.
  @inline(__always)
  private func isAwaited(
    _ parts: DetectorParts, _ event: SelectionEvent, _ workspace: inout SelectionWorkspace
  ) -> Bool {
    guard !parts.isDisjoint(with: event.awaited) else { return false }
    workspace.wanted.formUnion(parts.intersection(event.awaited))
    return true
  }

  private func answer(
    _ cut: SelectionProgram.Cut, _ event: SelectionEvent, _ workspace: borrowing SelectionWorkspace
  ) -> Answer {
    var isUnknown = false
    for index in cut.tests {
      switch answer(program.tests[index], event, workspace) {
      case .holds: if cut.isAny { return .holds }
      case .fails: if !cut.isAny { return .fails }
      case .unavailable: isUnknown = true
      }
    }
    if isUnknown { return .unavailable }
    return cut.isAny ? .fails : .holds
  }

  private func answer(
    _ test: SelectionProgram.Test, _ event: SelectionEvent, _ workspace: borrowing SelectionWorkspace
  ) -> Answer {
    switch test.kind {
    case .slot:
      let value = workspace.slots[test.index]
      if test.lowest <= value && value <= test.highest { return .holds }
      return value.isNaN ? .unavailable : .fails
    case .tracks: return answerOnTracks(test, event, workspace)
    case .l1:
      let condition = program.conditions[test.index]
      guard event.input.isAvailable(condition.variable) else { return .unavailable }
      return condition.holds(in: event.input) ? .holds : .fails
    }
  }

  private func answerOnTracks(
    _ test: SelectionProgram.Test, _ event: SelectionEvent, _ workspace: borrowing SelectionWorkspace
  ) -> Answer {
    var (good, unknown, all) = (0, 0, 0)
    for index in 0..<count(test.scope, event, workspace) {
      guard let track = track(index, test.scope, event, workspace) else { continue }
      let value = event.tracks[at: test.index, row: track]
      all += 1
      if value.isNaN { unknown += 1 } else if test.lowest <= value && value <= test.highest { good += 1 }
    }
    let least = test.minCount < 0 ? all : test.minCount
    // The tracks that are not known could all hold, or none of them.
    if good >= least && good + unknown <= test.maxCount { return .holds }
    return good + unknown < least || good > test.maxCount ? .fails : .unavailable
  }

  private func count(
    _ scope: TrackScope, _ event: SelectionEvent, _ workspace: borrowing SelectionWorkspace
  ) -> Int {
    scope == .candidate ? workspace.trackCount : event.tracks.count
  }

  /// The track of an index within a scope; nil where it does not belong to it.
  private func track(
    _ index: Int, _ scope: TrackScope, _ event: SelectionEvent, _ workspace: borrowing SelectionWorkspace
  ) -> Int? {
    switch scope {
    case .candidate: return workspace.tracks[index]
    case .event: return index
    case .other:
      for member in 0..<workspace.trackCount where workspace.tracks[member] == index { return nil }
      return index
    }
  }

  // MARK: Regions

  /// The regions that the numbers in the workspace lie in; of an exclusive set only the first.
  func regions(_ workspace: borrowing SelectionWorkspace) -> (bits: UInt64, isAmbiguous: Bool) {
    var bits: UInt64 = 0
    for index in program.regions.indices {
      let region = program.regions[index]
      guard region.excluded & bits == 0 else { continue }
      var holds = true
      if region.isEllipse {
        let x = (workspace.slots[region.x] - region.center.x) / region.semiAxes.x
        let y = (workspace.slots[region.y] - region.center.y) / region.semiAxes.y
        let radius = x * x + y * y
        holds = radius < 1 || region.includesBorder && radius == 1
      } else {
        for test in region.tests {
          let test = program.tests[test]
          let value = workspace.slots[test.index]
          holds = holds && test.lowest <= value && value <= test.highest
        }
      }
      if holds { bits |= 1 << UInt64(index) }
    }
    var isAmbiguous = false
    for mask in constants.exclusive where (bits & mask).nonzeroBitCount > 1 {
      isAmbiguous = true
      let set = bits & mask
      bits = bits & ~mask | set & (~set &+ 1)
    }
    return (bits, isAmbiguous)
  }

  // MARK: Steps

  private func run(
    _ range: Range<Int>, _ event: SelectionEvent, _ container: Int, _ workspace: inout SelectionWorkspace
  ) {
    for index in range {
      let step = program.instructions[index]
      switch step.operation {
      case .l1:
        let variable = program.l1Variables[step.a]
        workspace.slots[step.out] =
          event.input.isAvailable(variable) ? event.input.number(variable) : .nan
      case .event: workspace.slots[step.out] = event.value(at: step.a)
      case .vertex: workspace.slots[step.out] = event.vertices[at: step.a, row: container]
      case .track:
        workspace.slots[step.out] = event.tracks[at: step.b, row: workspace.roleTracks[step.a]]
      case .invariantMass: workspace.slots[step.out] = Kinematics.mass(sum(step.a, workspace))
      case .missingMassSquared:
        workspace.slots[step.out] = Kinematics.massSquared(constants.kaon - sum(step.a, workspace)) * 1e-6
      case .momentum: workspace.slots[step.out] = Kinematics.momentum(sum(step.a, workspace))
      case .transverseMomentum:
        workspace.slots[step.out] = Kinematics.across(sum(step.a, workspace), constants.beamDirection)
      case .openingAngle:
        let first = step.a.trailingZeroBitCount
        let second = (step.a & (step.a - 1)).trailingZeroBitCount
        workspace.slots[step.out] = Kinematics.angle(workspace.momenta[first], workspace.momenta[second])
      case .pairByDifference, .pairByMass: pair(step, &workspace)
      case .difference: workspace.slots[step.out] = workspace.slots[step.a] - workspace.slots[step.b]
      case .sum: workspace.slots[step.out] = workspace.slots[step.a] + workspace.slots[step.b]
      case .ratio: workspace.slots[step.out] = workspace.slots[step.a] / workspace.slots[step.b]
      case .absolute: workspace.slots[step.out] = abs(workspace.slots[step.a])
      case .smallest, .largest, .mean: reduce(step, event, &workspace)
      }
    }
  }

  /// Momentum and energy of a set of roles.
  private func sum(_ roles: Int, _ workspace: borrowing SelectionWorkspace) -> SIMD4<Double> {
    var sum = SIMD4<Double>(repeating: 0)
    var rest = roles
    while rest != 0 {
      sum += workspace.momenta[rest.trailingZeroBitCount]
      rest &= rest - 1
    }
    return sum
  }

  private func pair(_ step: SelectionProgram.Instruction, _ workspace: inout SelectionWorkspace) {
    let plus = workspace.momenta[step.a.trailingZeroBitCount]
    let otherPlus = workspace.momenta[(step.a & (step.a - 1)).trailingZeroBitCount]
    let minus = workspace.momenta[step.b.trailingZeroBitCount]
    let otherMinus = workspace.momenta[(step.b & (step.b - 1)).trailingZeroBitCount]
    let straight = SIMD2(Kinematics.mass(plus + minus), Kinematics.mass(otherPlus + otherMinus))
    let crossed = SIMD2(Kinematics.mass(plus + otherMinus), Kinematics.mass(otherPlus + minus))
    let isCrossed =
      step.operation == .pairByDifference
      ? abs(crossed.x - crossed.y) < abs(straight.x - straight.y)
      : abs(crossed.x - step.x) + abs(crossed.y - step.x)
        < abs(straight.x - step.x) + abs(straight.y - step.x)
    let masses = isCrossed ? crossed : straight
    let isOrdered = masses.x <= masses.y
    workspace.slots[step.out] = isOrdered ? masses.x : masses.y
    workspace.slots[step.out + 1] = isOrdered ? masses.y : masses.x
    workspace.slots[step.out + 2] = (masses.x + masses.y) / 2
    workspace.slots[step.out + 3] = abs(masses.y - masses.x)
  }

  private func reduce(
    _ step: SelectionProgram.Instruction, _ event: SelectionEvent, _ workspace: inout SelectionWorkspace
  ) {
    var result = Double.nan
    var used = 0
    for index in 0..<count(step.scope, event, workspace) {
      guard let track = track(index, step.scope, event, workspace) else { continue }
      let value = event.tracks[at: step.a, row: track]
      guard !value.isNaN else {
        used = 0
        break
      }
      used += 1
      switch step.operation {
      case .smallest: result = used == 1 || value < result ? value : result
      case .largest: result = used == 1 || value > result ? value : result
      default: result = used == 1 ? value : result + value
      }
    }
    let isMean = step.operation == .mean
    workspace.slots[step.out] = used == 0 ? .nan : isMean ? result / Double(used) : result
  }
}
