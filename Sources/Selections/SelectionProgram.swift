import Detectors
import L1Trigger

/// The flat form of a selection: steps that write numbers into slots, and comparisons on the slots.
struct SelectionProgram: Sendable {
  /// What a step does.
  enum Operation: UInt8, Sendable {
    case l1, event, vertex, track
    case invariantMass, missingMassSquared, momentum, transverseMomentum, openingAngle
    case pairByDifference, pairByMass
    case difference, sum, ratio, absolute
    case smallest, largest, mean
  }

  /// One step: `a` and `b` are columns, slots, roles or sets of roles, as the operation takes them.
  struct Instruction: Sendable {
    var operation: Operation
    var scope: TrackScope = .candidate
    var a = 0
    var b = 0
    var x = 0.0
    var out: Int
  }

  /// What a comparison looks at.
  enum TestKind: UInt8, Sendable {
    case slot, tracks, l1
  }

  /// One comparison: a slot within bounds, a number of tracks with a column within bounds, or a condition.
  struct Test: Sendable {
    var kind: TestKind
    var scope: TrackScope = .candidate
    /// The slot, the column, or the index of the condition.
    var index: Int
    var lowest = -Double.infinity
    var highest = Double.infinity
    /// Bounds on the number of tracks; -1 for as many as there are.
    var minCount = 0
    var maxCount = Int.max
  }

  /// Steps and comparisons of one cut.
  struct Cut: Sendable {
    var instructions: Range<Int>
    var tests: Range<Int>
    var isAny: Bool
    /// What its own steps and comparisons take of the detectors other than STRAW.
    var parts: DetectorParts
  }

  /// A region with its slots.
  struct Region: Sendable {
    var isEllipse = false
    var tests: Range<Int> = 0..<0
    var x = 0
    var y = 0
    var center = SIMD2<Double>(0, 0)
    var semiAxes = SIMD2<Double>(1, 1)
    var includesBorder = false
    var excluded: UInt64 = 0
  }

  /// What a step or a comparison depends on.
  enum Level: Int, Comparable, Sendable {
    case event, container, roles

    static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
  }

  fileprivate(set) var instructions: [Instruction] = []
  fileprivate(set) var tests: [Test] = []
  fileprivate(set) var conditions: [SelectionCondition] = []
  fileprivate(set) var l1Variables: [L1Variable] = []
  fileprivate(set) var cuts: [Cut] = []
  fileprivate(set) var regions: [Region] = []
  /// Steps that the regions need, run for candidates that pass all cuts.
  fileprivate(set) var regionInstructions = 0..<0
  /// Steps that the histograms and scans after so many cuts need, run for the best candidate.
  fileprivate(set) var fillInstructions: [Range<Int>] = []
  /// What the steps of the regions, and those after so many cuts, take of the detectors other than STRAW.
  fileprivate(set) var regionParts: DetectorParts = []
  fileprivate(set) var fillParts: [DetectorParts] = []
  /// The leading cuts that depend on the event alone, and on the vertex or track but not on the roles.
  fileprivate(set) var eventPrefix = 0
  fileprivate(set) var containerPrefix = 0
  /// The variable of each slot.
  fileprivate(set) var slots: [SelectionVariable] = []
  /// The slots of each histogram, and of each scan.
  fileprivate(set) var histogramSlots: [SIMD2<Int>] = []
  fileprivate(set) var scanSlots: [SIMD2<Int>] = []

  /// What steps read of the detectors other than STRAW; those that calculate with slots read nothing.
  fileprivate func parts(_ steps: Range<Int>) -> DetectorParts {
    instructions[steps].reduce(into: []) { parts, step in
      switch step.operation {
      case .event: parts.formUnion(EventQuantity(rawValue: step.a)?.parts ?? [])
      case .vertex: parts.formUnion(VertexQuantity(rawValue: step.a)?.parts ?? [])
      case .track: parts.formUnion(TrackQuantity(rawValue: step.b)?.parts ?? [])
      case .smallest, .largest, .mean: parts.formUnion(TrackQuantity(rawValue: step.a)?.parts ?? [])
      default: break
      }
    }
  }
}

/// Compiles what a selection declares.
struct SelectionCompiler {
  let topology: SelectionTopology
  let variables: [DerivedVariable]
  private var program = SelectionProgram()
  private var slotOf: [SelectionVariable.Source: Int] = [:]
  /// Slots that the steps so far have written, wherever the one after them is reached.
  private var written: Set<Int> = []

  init(topology: SelectionTopology, variables: [DerivedVariable]) {
    self.topology = topology
    self.variables = variables
  }

  static func compile(
    topology: SelectionTopology, variables: [DerivedVariable], cuts: [SelectionCut],
    regions: [SelectionRegion], histograms: [SelectionHistogram], scans: [SelectionScan]
  ) -> SelectionProgram {
    var compiler = SelectionCompiler(topology: topology, variables: variables)
    compiler.compile(cuts, regions, histograms, scans)
    return compiler.program
  }

  private mutating func compile(
    _ cuts: [SelectionCut], _ regions: [SelectionRegion], _ histograms: [SelectionHistogram],
    _ scans: [SelectionScan]
  ) {
    var writtenBefore: [Set<Int>] = []
    var levels: [SelectionProgram.Level] = []
    for cut in cuts {
      writtenBefore.append(written)
      let start = program.instructions.count
      let tests = cut.tests.map { test($0) }
      let first = program.tests.count
      program.tests += tests
      let steps = start..<program.instructions.count
      let counted = tests.lazy.filter { $0.kind == .tracks }.compactMap { TrackQuantity(rawValue: $0.index) }
      program.cuts.append(
        SelectionProgram.Cut(
          instructions: steps, tests: first..<program.tests.count, isAny: cut.isAny,
          parts: counted.reduce(program.parts(steps)) { $0.union($1.parts) }))
      levels.append(cut.tests.map { level($0) }.max() ?? .event)
    }
    writtenBefore.append(written)
    program.eventPrefix = levels.firstIndex { $0 > .event } ?? levels.count
    program.containerPrefix = levels.firstIndex { $0 > .container } ?? levels.count

    let start = program.instructions.count
    for region in regions { program.regions.append(compiled(region)) }
    program.regionInstructions = start..<program.instructions.count
    program.regionParts = program.parts(program.regionInstructions)
    let writtenByRegions = written

    program.histogramSlots = histograms.map { _ in SIMD2(0, 0) }
    var filled: Set<Int> = []
    for stage in 0...cuts.count {
      let start = program.instructions.count
      written = writtenBefore[stage].union(filled)
      if stage == cuts.count { written.formUnion(writtenByRegions) }
      for (index, histogram) in histograms.enumerated() where histogram.stage == stage {
        program.histogramSlots[index] = pair(histogram.variables)
      }
      if stage == cuts.count { program.scanSlots = scans.map { pair($0.variables) } }
      program.fillInstructions.append(start..<program.instructions.count)
      program.fillParts.append(program.parts(start..<program.instructions.count))
      filled.formUnion(written)
    }
  }

  private mutating func pair(_ variables: [SelectionVariable]) -> SIMD2<Int> {
    let slots = variables.map { slot($0) }
    return SIMD2(slots.first ?? 0, slots.last ?? 0)
  }

  private mutating func compiled(_ region: SelectionRegion) -> SelectionProgram.Region {
    var out = SelectionProgram.Region()
    out.excluded = region.excluded
    switch region.shape {
    case .everything: break
    case .box(let conditions):
      let tests = conditions.map { test(.bounds($0.variable, $0.bounds)) }
      out.tests = program.tests.count..<(program.tests.count + tests.count)
      program.tests += tests
    case .ellipse(let ellipse):
      out.isEllipse = true
      out.x = slot(ellipse.x)
      out.y = slot(ellipse.y)
      out.center = ellipse.center
      out.semiAxes = ellipse.semiAxes
      out.includesBorder = ellipse.includesBorder
    }
    return out
  }

  private mutating func test(_ test: SelectionCut.Test) -> SelectionProgram.Test {
    switch test {
    case .bounds(let variable, let bounds):
      return SelectionProgram.Test(
        kind: .slot, index: slot(variable), lowest: bounds.lowest, highest: bounds.highest)
    case .tracks(let scope, let quantity, let bounds, let count):
      var out = SelectionProgram.Test(
        kind: .tracks, scope: scope, index: quantity.rawValue, lowest: bounds.lowest, highest: bounds.highest)
      switch count {
      case .all: out.minCount = -1
      case .any: out.minCount = 1
      case .range(let min, let max):
        out.minCount = min ?? 0
        out.maxCount = max ?? Int.max
      }
      return out
    case .l1(let condition):
      program.conditions.append(condition)
      return SelectionProgram.Test(kind: .l1, index: program.conditions.count - 1)
    }
  }

  /// The slot of a variable; the steps that write it are added where none before has.
  private mutating func slot(_ variable: SelectionVariable) -> Int {
    let slot: Int
    if let known = slotOf[variable.source] {
      slot = known
    } else {
      slot = reserve(variable)
    }
    guard !written.contains(slot) else { return slot }
    var step = SelectionProgram.Instruction(operation: .event, out: slot)
    switch variable.source {
    case .l1(let l1):
      step.operation = .l1
      step.a = program.l1Variables.count
      program.l1Variables.append(l1)
    case .event(let column): step.a = column
    case .vertex(let column):
      step.operation = .vertex
      step.a = column
    case .track(let role, let column):
      step.operation = .track
      step.a = role
      step.b = column
    case .derived(let index, let component):
      derive(variables[index], &step)
      step.out = slot - component
      for part in 0..<variables[index].components { written.insert(step.out + part) }
    }
    program.instructions.append(step)
    written.insert(slot)
    return slot
  }

  private mutating func reserve(_ variable: SelectionVariable) -> Int {
    let first = program.slots.count
    guard case .derived(let index, let component) = variable.source, variables[index].components > 1 else {
      slotOf[variable.source] = first
      program.slots.append(variable)
      return first
    }
    for (part, name) in DerivedVariable.pairingComponents.enumerated() {
      let source = SelectionVariable.Source.derived(index, component: part)
      slotOf[source] = first + part
      program.slots.append(
        SelectionVariable(
          name: "\(variables[index].name).\(name)", dimension: variable.dimension, source: source))
    }
    return first + component
  }

  private mutating func derive(_ variable: DerivedVariable, _ step: inout SelectionProgram.Instruction) {
    switch variable.definition {
    case .invariantMass(let roles): (step.operation, step.a) = (.invariantMass, Int(roles))
    case .missingMassSquared(let roles): (step.operation, step.a) = (.missingMassSquared, Int(roles))
    case .momentum(let roles): (step.operation, step.a) = (.momentum, Int(roles))
    case .transverseMomentum(let roles): (step.operation, step.a) = (.transverseMomentum, Int(roles))
    case .openingAngle(let roles): (step.operation, step.a) = (.openingAngle, Int(roles))
    case .pairing(let positive, let negative, let target):
      step.operation = target == nil ? .pairByDifference : .pairByMass
      (step.a, step.b, step.x) = (Int(positive), Int(negative), target ?? 0)
    case .difference(let a, let b): (step.operation, step.a, step.b) = (.difference, slot(a), slot(b))
    case .sum(let a, let b): (step.operation, step.a, step.b) = (.sum, slot(a), slot(b))
    case .ratio(let a, let b): (step.operation, step.a, step.b) = (.ratio, slot(a), slot(b))
    case .absolute(let a): (step.operation, step.a) = (.absolute, slot(a))
    case .reduced(let reduction, let scope, let quantity):
      step.scope = scope
      step.a = quantity.rawValue
      step.operation =
        switch reduction {
        case .smallest: .smallest
        case .largest: .largest
        case .mean: .mean
        }
    }
  }

  // MARK: Levels

  private func level(_ test: SelectionCut.Test) -> SelectionProgram.Level {
    switch test {
    case .bounds(let variable, _): level(variable)
    case .tracks(let scope, _, _, _): scope == .event ? .event : .container
    case .l1: .event
    }
  }

  private func level(_ variable: SelectionVariable) -> SelectionProgram.Level {
    switch variable.source {
    case .l1, .event: .event
    case .vertex: .container
    case .track: topology == .track ? .container : .roles
    case .derived(let index, _):
      switch variables[index].definition {
      case .difference(let a, let b), .sum(let a, let b), .ratio(let a, let b): max(level(a), level(b))
      case .absolute(let a): level(a)
      case .reduced(_, let scope, _): scope == .event ? .event : .container
      default: .roles
      }
    }
  }
}
