import Configuration
import L1Trigger

/// The names that a selection can use: those of the tables, of its roles, and of its variables.
struct SelectionNames {
  let topology: SelectionTopology
  let roles: [SelectionRole]
  var variables: [DerivedVariable] = []

  /// The number of that name.
  func variable(_ node: YAMLNode) throws(ConfigurationError) -> SelectionVariable {
    try variable(named: node.string(), at: node)
  }

  /// The number of a name that stands at a node.
  func variable(named text: String, at node: YAMLNode) throws(ConfigurationError) -> SelectionVariable {
    if let known = all.first(where: { $0.name == text }) { return known }
    if let pairing = variables.first(where: { $0.name == text && $0.components > 1 }) {
      throw node.error(
        "'\(pairing.name)' is a pairing of several numbers",
        advice: "write one of \(components(pairing).joined(separator: ", "))")
    }
    if tracks(text) != nil {
      throw node.error(
        "\(ConfigurationError.quoted(text)) goes over several tracks",
        advice: "add 'require' to a cut, or declare a variable 'smallest', 'largest' or 'mean' of it")
    }
    if let l1 = L1Variable(rawValue: text), l1.dimension == nil {
      throw node.error("\(text) is not a number", advice: "use 'condition: { \(text): … }' for it")
    }
    throw node.error(
      "unknown variable \(ConfigurationError.quoted(text))",
      suggestion: NearestName.of(text, in: all.map(\.name) + TrackScope.allCases.flatMap(names)),
      advice: "there are event.*, \(containerNames)declared variables and numbers of L1")
  }

  /// The scope and quantity of a name such as `tracks.p`; nil for another.
  func tracks(_ text: String) -> (scope: TrackScope, quantity: TrackQuantity)? {
    for scope in TrackScope.allCases where topology != .event || scope == .event {
      guard text.hasPrefix(scope.rawValue + ".") else { continue }
      let name = text.dropFirst(scope.rawValue.count + 1)
      return TrackQuantity.allCases.first { $0.name == name }.map { (scope, $0) }
    }
    return nil
  }

  /// The set of roles of a list of names.
  func roles(_ node: YAMLNode, count: ClosedRange<Int>) throws(ConfigurationError) -> UInt8 {
    let items = try node.sequence()
    var set: UInt8 = 0
    for item in items {
      let text = try item.string()
      guard let index = roles.firstIndex(where: { $0.name == text }) else {
        throw item.error(
          "unknown role \(ConfigurationError.quoted(text))",
          suggestion: NearestName.of(text, in: roles.map(\.name)),
          advice: "roles: \(roles.map(\.name).joined(separator: ", "))")
      }
      guard set >> UInt8(index) & 1 == 0 else { throw item.error("the role '\(text)' is repeated") }
      set |= 1 << UInt8(index)
    }
    guard count.contains(items.count) else {
      let expected =
        count.lowerBound == count.upperBound
        ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
      throw node.error("expected \(expected) roles, found \(items.count)")
    }
    return set
  }

  /// The names of a set of roles, in their order.
  func names(_ set: UInt8) -> [String] {
    roles.indices.filter { set >> UInt8($0) & 1 == 1 }.map { roles[$0].name }
  }

  private var all: [SelectionVariable] {
    var all: [SelectionVariable] = []
    for (index, variable) in variables.enumerated() {
      for component in 0..<variable.components {
        let name = variable.components > 1 ? components(variable)[component] : variable.name
        all.append(
          SelectionVariable(
            name: name, dimension: variable.dimension, source: .derived(index, component: component)))
      }
    }
    for quantity in EventQuantity.allCases {
      all.append(
        SelectionVariable(
          name: "event.\(quantity.name)", dimension: quantity.dimension, source: .event(quantity.rawValue)))
    }
    if topology == .vertex {
      for quantity in VertexQuantity.allCases {
        all.append(
          SelectionVariable(
            name: "vertex.\(quantity.name)", dimension: quantity.dimension,
            source: .vertex(quantity.rawValue)))
      }
    }
    for (index, role) in roles.enumerated() {
      for quantity in TrackQuantity.allCases {
        all.append(
          SelectionVariable(
            name: "track.\(role.name).\(quantity.name)", dimension: quantity.dimension,
            source: .track(role: index, column: quantity.rawValue)))
      }
    }
    for variable in L1Variable.allCases {
      guard let dimension = variable.dimension else { continue }
      all.append(SelectionVariable(name: variable.rawValue, dimension: dimension, source: .l1(variable)))
    }
    return all
  }

  private func components(_ variable: DerivedVariable) -> [String] {
    DerivedVariable.pairingComponents.map { "\(variable.name).\($0)" }
  }

  private func names(_ scope: TrackScope) -> [String] {
    TrackQuantity.allCases.map { "\(scope.rawValue).\($0.name)" }
  }

  private var containerNames: String {
    switch topology {
    case .vertex: "vertex.*, track.<role>.*, tracks.*, "
    case .track: "track.<role>.*, "
    case .event: ""
    }
  }
}
