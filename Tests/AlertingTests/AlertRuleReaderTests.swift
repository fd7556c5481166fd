import Alerting
import Configuration
import SpillwayTestSupport
import Testing

@Suite struct AlertRuleReaderTests {
  @Test func readsTheExampleThatIsShipped() throws {
    let rules = try AlertRuleSet.load(path: RepositoryPaths.path("Configs/alerts/example.yaml"))
    #expect(Set(rules.rules.map(\.trigger.kind)).count == 6)
    #expect(Set(rules.sinks.map(\.type)) == ["file", "terminal", "webhook", "alertmanager", "email"])
  }

  @Test func readsARuleWithAllItsKeys() throws {
    let set = try AlertSamples.rules(
      """
        - name: kaons
          on: candidate
          selections: [k3pi, "kpi*"]
          regions: [control]
          severity: critical
          sinks: [log]
          labels: {team: rare}
          throttle: {messages: 3, interval: 2 min}
          deduplicate: event
          false_alarms: {expected: 0.5, per: burst}
      """)
    let rule = try #require(set.rules.first)
    #expect(
      rule.trigger
        == .candidate(selections: [.init("k3pi"), .init("kpi*")], regions: [.init("control")]))
    #expect(rule.severity == .critical)
    #expect(rule.throttle == .init(messages: 3, interval: 120_000_000_000))
    #expect(rule.identity == .event)
    #expect(rule.falseAlarm == .init(0.5, per: .burst))
    #expect(rule.labels == [.init("team", "rare")])
  }

  @Test(arguments: [
    (
      "- {name: a, on: candidate, selection: [x]}",
      "rules[0].selection: unknown key; did you mean 'selections'?"
    ),
    ("- {name: a, on: candidat, selections: [x]}", "did you mean 'candidate'?"),
    ("- {name: a, on: candidate}", "the key 'selections' is missing"),
    ("- {name: a, on: candidate, selections: []}", "expected 1 to 256 names"),
    ("- {name: a b, on: candidate, selections: [x]}", "expected a name of at most 64 letters"),
    ("- {name: a, on: silence, after: 5}", "the unit is missing"),
    ("- {name: a, on: silence, after: 5 m}", "wrong unit 'm'"),
    ("- {name: a, on: silence, after: 0 s}", "expected a time from 0.1 s"),
    ("- {name: a, on: heartbeat, every: 900000 h}", "expected a time"),
    ("- {name: a, on: heartbeat, every: 9 s, sinks: [lgo]}", "did you mean 'log'?"),
    ("- {name: a, on: heartbeat, every: 9 s, sinks: []}", "sends to no sink"),
    (
      "- {name: a, on: heartbeat, every: 9 s, severity: bad}",
      "expected one of information, warning, critical"
    ),
    (
      "- {name: a, on: heartbeat, every: 9 s, labels: {alertname: x}}", "a label that messages set themselves"
    ),
    ("- {name: a, on: heartbeat, every: 9 s, labels: {9x: x}}", "expected a label"),
    ("- {name: a, on: heartbeat, every: 9 s, throttle: {messages: 0, interval: 1 s}}", "from 1 to"),
    ("- {name: a, on: significance, selections: [x], thresholds: [0.001, 0.01]}", "is not stronger"),
    ("- {name: a, on: significance, selections: [x], thresholds: [3]}", "from 0.0 to 1.0"),
    ("- {name: a, on: quality, books: false}", "the rule looks at nothing"),
    ("- {name: a, on: quality, share: 2}", "from 0.0 to 1.0"),
    (
      "- {name: a, on: heartbeat, every: 9 s}\n- {name: a, on: heartbeat, every: 9 s}",
      "two rules are named 'a'"
    ),
  ])
  func refusesARuleWithALineThatHelps(_ rule: String, _ expected: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try AlertSamples.rules(rule) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix("alerts.yaml:") == true)
  }

  @Test(arguments: [
    ("{name: a, type: webhook}", "the key 'url' is missing"),
    ("{name: a, type: webhook, url: 'ftp://x'}", "begins with https:// or http://"),
    ("{name: a, type: webhook, url: 'https://u:p@x'}", "holds a user or a password"),
    ("{name: a, type: webhook, url: 'http://x.org', token_env: T}", "in the clear"),
    ("{name: a, type: webhook, url: 'https://x.org', secret: s3cret}", "unknown key"),
    ("{name: a, type: webhook, url: 'https://x.org', secret_env: A, secret_file: b}", "both secret_env"),
    ("{name: a, type: webhook, url: 'https://x.org', url_env: A}", "given twice"),
    ("{name: a, type: email, from: a@b.c, to: []}", "expected 1 to 64 addresses"),
    ("{name: a, type: email, from: a@b.c, to: [\"x@y.z\\nBcc: q@r.s\"]}", "expected a mail address"),
    ("{name: a, type: email, from: -oQ@b.c, to: [x@y.z]}", "expected a mail address"),
    ("{name: a, type: email, from: a@b.c, to: [x@y.z], command: [sendmail]}", "by its full path"),
    ("{name: a, type: terminal, path: x}", "unknown key"),
    ("{name: a, type: file}", "the key 'path' is missing"),
  ])
  func refusesASinkWithALineThatHelps(_ sink: String, _ expected: String) throws {
    let error = #expect(throws: ConfigurationError.self) {
      try AlertSamples.rules("- {name: a, on: heartbeat, every: 9 s}", sinks: "[\(sink)]")
    }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test func theHashFollowsWhatTakesEffectAndNotHowItIsWritten() throws {
    let a = try AlertSamples.rules("  - {name: a, on: heartbeat, every: 60 s}")
    let b = try AlertSamples.rules("  - {every: 1 min, on: heartbeat, name: a, severity: information}")
    let c = try AlertSamples.rules("  - {name: a, on: heartbeat, every: 61 s}")
    #expect(a.hash == b.hash)
    #expect(a.hash != c.hash)
  }

  @Test func whatTakesEffectReadsBackAsTheSame() throws {
    let example = try AlertRuleSet.load(path: RepositoryPaths.path("Configs/alerts/example.yaml"))
    let again = try AlertRuleSet.read(YAMLNode.parse(text: example.effective.yaml(), file: "again"))
    #expect(again.effective == example.effective)
  }

  @Test func namesOfARunAreChecked() throws {
    let known: [AlertRuleSet.KnownSelection] = [
      .init(name: "k3pi", openRegions: ["control"], blindRegions: [], isBlind: false),
      .init(name: "kpinunu", openRegions: ["sideband"], blindRegions: ["signal"], isBlind: true),
    ]
    func problem(_ rule: String) throws -> String? {
      do { try AlertSamples.rules(rule).check(selections: known) } catch { return "\(error)" }
      return nil
    }
    #expect(try problem("- {name: a, on: candidate, selections: ['*'], regions: [sideband]}") == nil)
    #expect(
      try problem("- {name: a, on: candidate, selections: [k3p]}")?.contains("did you mean 'k3pi'?") == true)
    #expect(
      try problem("- {name: a, on: candidate, selections: [kpinunu], regions: [signal]}")?.contains(
        "is blind") == true)
    #expect(
      try problem("- {name: a, on: candidate, selections: [kpinunu], regions: [sidband]}")?
        .contains("did you mean 'sideband'?") == true)
    #expect(
      try problem("- {name: a, on: significance, selections: [kpinunu], thresholds: [0.01]}")?
        .contains("is blind") == true)
  }

  @Test(arguments: [
    ("*", "", true), ("", "", true), ("", "a", false), ("a*c", "abc", true), ("a*c", "ac", true),
    ("a*c", "abd", false), ("*-L1", "k-L1", true), ("a*b*c", "aXbXbYc", true), ("a", "A", false),
  ])
  func patternsFitWholeNames(_ pattern: String, _ name: String, _ expected: Bool) {
    #expect(NamePattern(pattern).matches(name) == expected)
  }
}
