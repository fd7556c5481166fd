import Configuration

/// Reads the sinks of a file of rules.
enum AlertSinkReader {
  private enum Kind: String, CaseIterable { case file, terminal, webhook, alertmanager, email }
  private enum InTest: String, CaseIterable { case send, skip }

  private static let endpointKeys = [
    "url", "url_env", "url_file", "ca_file", "timeout", "token_env", "token_file",
  ]

  static func sinks(_ list: YAMLNode) throws(ConfigurationError) -> [AlertSinkSpecification] {
    var sinks: [AlertSinkSpecification] = []
    for node in try list.sequence() {
      let sink = try sink(node)
      guard !sinks.contains(where: { $0.name == sink.name }) else {
        throw try node.mapping().required("name").error(
          "two sinks are named '\(sink.name)'", advice: "give each sink its own name")
      }
      sinks.append(sink)
    }
    guard sinks.count <= 32 else {
      throw list.error("expected at most 32 sinks, found \(sinks.count)")
    }
    return sinks
  }

  private static func keys(_ kind: Kind) -> [String] {
    switch kind {
    case .file: ["path"]
    case .terminal: []
    case .webhook: endpointKeys + ["secret_env", "secret_file"]
    case .alertmanager: endpointKeys + ["resend", "hold"]
    case .email: ["command", "from", "to"]
    }
  }

  private static func sink(_ node: YAMLNode) throws(ConfigurationError) -> AlertSinkSpecification {
    let map = try node.mapping()
    let type = try map.required("type").choice(Kind.self)
    try map.rejectUnknown(keys: ["name", "type", "in_test"] + keys(type))
    let kind: AlertSinkSpecification.Kind
    switch type {
    case .file:
      let path = try map.required("path").string()
      guard !path.isEmpty, !path.utf8.contains(0) else {
        throw try map.required("path").error("expected the path of a file")
      }
      kind = .file(path: path)
    case .terminal: kind = .terminal
    case .webhook: kind = .webhook(try endpoint(map), secret: try secret("secret", map))
    case .alertmanager:
      kind = .alertmanager(
        try endpoint(map),
        resend: try map.optional("resend")?.duration(from: 1_000_000_000) ?? 60_000_000_000,
        hold: try map.optional("hold")?.duration(from: 1_000_000_000) ?? 300_000_000_000)
    case .email: kind = try email(map)
    }
    let inTest = try map.optional("in_test")?.choice(InTest.self) ?? .send
    return AlertSinkSpecification(
      name: try map.required("name").identifier(), kind: kind, takesTests: inTest == .send)
  }

  private static func endpoint(_ map: YAMLMapping) throws(ConfigurationError)
    -> AlertSinkSpecification.Endpoint
  {
    let token = try secret("token", map)
    let url: AlertSinkSpecification.Source
    if let node = map.optional("url") {
      let text = try node.string()
      if let problem = AlertAddress.problem(text, hasToken: token != nil) {
        throw node.error(problem.what, advice: problem.advice)
      }
      url = .literal(text)
      guard map.optional("url_env") == nil, map.optional("url_file") == nil else {
        throw node.error("the address is given twice", advice: "keep one of url, url_env and url_file")
      }
    } else if let secret = try secret("url", map) {
      url = secret
    } else {
      throw map.node.error("the key 'url' is missing", advice: "add it, or url_env, or url_file")
    }
    return .init(
      url: url, authorities: try map.optional("ca_file")?.siblingPath(),
      timeout: try map.optional("timeout")?.duration(from: 10_000_000) ?? 10_000_000_000, token: token)
  }

  /// What lies in an environment variable or a file; never in the file of rules, which is shown and hashed.
  private static func secret(
    _ key: String, _ map: YAMLMapping
  ) throws(ConfigurationError) -> AlertSinkSpecification.Source? {
    if let node = map.optional("\(key)_env") {
      guard map.optional("\(key)_file") == nil else {
        throw node.error("both \(key)_env and \(key)_file are given", advice: "keep one of them")
      }
      let name = try node.string()
      guard name.isLabelName else {
        throw node.error("expected the name of an environment variable, found \(node.summary)")
      }
      return .environment(name)
    }
    return try map.optional("\(key)_file").map { node throws(ConfigurationError) in
      .file(try node.siblingPath())
    }
  }

  private static func email(_ map: YAMLMapping) throws(ConfigurationError) -> AlertSinkSpecification.Kind {
    var command: [String] = []
    if let node = map.optional("command") {
      for item in try node.sequence() { command.append(try item.string()) }
      guard let program = command.first, program.hasPrefix("/"), command.count <= 32,
        command.allSatisfy({ !$0.utf8.contains(0) })
      else { throw node.error("expected a program by its full path, with up to 31 arguments") }
    } else {
      command = ["/usr/sbin/sendmail"]
    }
    let list = try map.required("to")
    var to: [String] = []
    for item in try list.sequence() { to.append(try address(item)) }
    guard (1...64).contains(to.count) else {
      throw list.error("expected 1 to 64 addresses, found \(to.count)")
    }
    return .email(command: command, from: try address(map.required("from")), to: to)
  }

  private static func address(_ node: YAMLNode) throws(ConfigurationError) -> String {
    let text = try node.string()
    guard AlertAddress.isMailbox(text) else {
      throw node.error("expected a mail address such as shift@example.org, found \(node.summary)")
    }
    return text
  }
}

extension AlertSinkSpecification {
  /// The sink as it takes effect; secrets by the name of where they lie.
  var effective: ConfigValue {
    var entries: [ConfigValue.Entry] = [.init("name", .string(name)), .init("type", .string(type))]
    switch kind {
    case .file(let path): entries.append(.init("path", .string(path)))
    case .terminal: break
    case .webhook(let endpoint, let secret):
      entries += endpoint.effective
      if let secret { entries.append(secret.effective("secret")) }
    case .alertmanager(let endpoint, let resend, let hold):
      entries += endpoint.effective
      entries.append(.init("resend", resend.seconds))
      entries.append(.init("hold", hold.seconds))
    case .email(let command, let from, let to):
      entries.append(.init("command", .list(command.map { .string($0) })))
      entries.append(.init("from", .string(from)))
      entries.append(.init("to", .list(to.map { .string($0) })))
    }
    entries.append(.init("in_test", .string(takesTests ? "send" : "skip")))
    return .map(entries)
  }
}

extension AlertSinkSpecification.Endpoint {
  fileprivate var effective: [ConfigValue.Entry] {
    var entries = [url.effective("url")]
    if let authorities { entries.append(.init("ca_file", .string(authorities))) }
    entries.append(.init("timeout", timeout.seconds))
    if let token { entries.append(token.effective("token")) }
    return entries
  }
}

extension AlertSinkSpecification.Source {
  fileprivate func effective(_ key: String) -> ConfigValue.Entry {
    switch self {
    case .literal(let text): .init(key, .string(text))
    case .environment(let name): .init("\(key)_env", .string(name))
    case .file(let path): .init("\(key)_file", .string(path))
    }
  }
}

extension Int64 {
  /// Nanoseconds as seconds of a configuration.
  var seconds: ConfigValue { .string("\(Double(self) / 1e9) s") }
}
