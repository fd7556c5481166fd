import NA62Formats

extension RuleEngine {
  /// A candidate, for one rule.
  mutating func candidate(
    _ record: AlertRecord, _ regions: [String], rule index: Int, _ out: inout Messages
  ) {
    let rule = rules.rules[index]
    switch rule.trigger {
    case .candidate(let selections, let wanted):
      guard Self.takes(record.selection, regions, selections, wanted) else { return }
      let event = Self.event(record)
      let isNew =
        (rule.identity == .selection || self[rule: index].recent.insert(event))
        && self[rule: index].recent.insert(record.id)
      guard isNew else {
        self[rule: index].books.found += 1
        self[rule: index].books.repeated += 1
        return
      }
      let key = Self.candidateKey(rule, record.id, event)
      send(candidateMessage(.candidate, record, regions, rule, key: key, out), rule: index, &out)
    case .significance(let selections, let statistic, let thresholds):
      significance(record, rule, index, selections, statistic, thresholds, &out)
    default: return
    }
  }

  private mutating func significance(
    _ record: AlertRecord, _ rule: AlertRule, _ index: Int, _ selections: [NamePattern],
    _ statistic: AlertRule.Statistic, _ thresholds: [Double], _ out: inout Messages
  ) {
    guard selections.matches(record.selection), !context.blindSelections.contains(record.selection),
      let state = record.state, let value = statistic.value(state), !value.isNaN
    else { return }
    let level = thresholds.prefix { statistic.isProbability ? value <= $0 : value >= $0 }.count
    let before = self[rule: index].crossings[record.selection]?.map(\.level).max() ?? 0
    guard level > before else { return }
    let threshold = thresholds[level - 1]
    var message = candidateMessage(
      .significance, record, [], rule, key: ["significance", record.selection, "\(threshold)", record.id], out
    )
    message.text = AlertText.significance(record, state, statistic, value, threshold)
    message.labels = rule.labels + [.init("selection", record.selection)]
    message.crossing = .init(statistic: statistic.rawValue, threshold: threshold, value: value)
    message.falseAlarm = rule.falseAlarm ?? Self.promise(statistic, threshold)
    self[rule: index].crossings[record.selection, default: []].append(
      Crossing(candidate: record.id, level: level, key: message.key))
    send(message, rule: index, &out)
  }

  /// What an always-valid statistic promises: under background only, the chance that it ever comes so far.
  private static func promise(
    _ statistic: AlertRule.Statistic, _ threshold: Double
  ) -> AlertMessage.FalseAlarm? {
    guard statistic.isAnytime else { return nil }
    return .init(statistic.isProbability ? threshold : AlertText.oneSidedTail(threshold), per: .run)
  }

  /// Whether some rule has told of a candidate.
  func hasTold(_ correction: AlertCorrection) -> Bool {
    let id = correction.id
    return state.rules.values.contains { rule in
      rule.recent.contains(id)
        || rule.crossings[correction.selection]?.contains { $0.candidate == id } ?? false
    }
  }

  /// An earlier candidate turned out to be none.
  mutating func retract(_ correction: AlertCorrection, rule index: Int, _ out: inout Messages) {
    let rule = rules.rules[index]
    let (event, id) = (correction.place, correction.id)
    switch rule.trigger {
    case .candidate:
      guard self[rule: index].recent.contains(id) else { return }
      retract(correction, refersTo: Self.candidateKey(rule, id, event), rule: index, &out)
    case .significance:
      guard let crossings = self[rule: index].crossings[correction.selection],
        let crossing = crossings.first(where: { $0.candidate == id })
      else { return }
      // Without this event the threshold may be crossed again, and that has to be told.
      self[rule: index].crossings[correction.selection] = crossings.filter { $0.candidate != id }
      var message = retraction(correction, rule, out)
      message.refersTo = crossing.key
      send(message, rule: index, isForced: true, &out)
    default: return
    }
  }

  private mutating func retract(
    _ correction: AlertCorrection, refersTo: [String], rule index: Int, _ out: inout Messages
  ) {
    let rule = rules.rules[index]
    guard self[rule: index].recent.insert("retracted \(correction.id)") else {
      self[rule: index].books.found += 1
      self[rule: index].books.repeated += 1
      return
    }
    var message = retraction(correction, rule, out)
    message.refersTo = key(rule: rule, refersTo)
    send(message, rule: index, isForced: true, &out)
  }

  private func retraction(_ correction: AlertCorrection, _ rule: AlertRule, _ out: Messages) -> AlertMessage {
    message(
      .retraction, rule, key: ["retraction", correction.id],
      text: "retracted: \(correction.selection), run \(correction.run) burst \(correction.burst) "
        + "event \(correction.event): \(correction.reason)",
      at: correction.dataTime.nanoseconds,
      labels: AlertText.labels(correction.selection, correction.run, correction.burst, correction.event), out)
  }

  /// An earlier candidate has changed.
  mutating func correct(
    _ record: AlertRecord, _ regions: [String], _ correction: AlertCorrection, rule index: Int,
    _ out: inout Messages
  ) {
    let rule = rules.rules[index]
    guard case .candidate(let selections, let wanted) = rule.trigger else { return }
    let event = Self.event(record)
    // What was never told needs no correction; what is a candidate of this rule only now is one.
    guard self[rule: index].recent.contains(record.id) else {
      return candidate(record, regions, rule: index, &out)
    }
    let first = Self.candidateKey(rule, record.id, event)
    guard Self.takes(record.selection, regions, selections, wanted) else {
      return retract(correction, refersTo: first, rule: index, &out)
    }
    var content = record
    content.wallTime = DataTime(nanoseconds: 0)
    let hash = AlertKey.short(AlertEncoder.line(content) + regions.joined(separator: ","))
    var message = candidateMessage(
      .correction, record, regions, rule, key: ["correction", record.id, hash], out)
    message.text = "corrected (\(correction.reason)): \(message.text)"
    message.refersTo = key(rule: rule, first)
    guard self[rule: index].recent.insert("corrected \(message.key)") else {
      self[rule: index].books.found += 1
      self[rule: index].books.repeated += 1
      return
    }
    send(message, rule: index, isForced: true, &out)
  }

  private func candidateMessage(
    _ kind: AlertMessage.Kind, _ record: AlertRecord, _ regions: [String], _ rule: AlertRule, key: [String],
    _ out: Messages
  ) -> AlertMessage {
    var record = record
    // An open region of a blind selection shows its events, but nothing of the experiment.
    if context.blindSelections.contains(record.selection) { record.state = nil }
    record.wallTime = out.wallTime
    var message = message(
      kind, rule, key: key, text: AlertText.candidate(record, regions), at: record.dataTime.nanoseconds,
      labels: AlertText.labels(record.selection, record.event.run, record.event.burst, record.event.number),
      out)
    message.candidate = record
    message.regions = regions
    message.falseAlarm = rule.falseAlarm
    return message
  }

  private static func takes(
    _ selection: String, _ regions: [String], _ selections: [NamePattern], _ wanted: [NamePattern]
  ) -> Bool {
    selections.matches(selection) && (wanted.isEmpty || regions.contains(where: wanted.matches))
  }

  private static func event(_ record: AlertRecord) -> String {
    "\(record.event.run)-\(record.event.burst)-\(record.event.number)"
  }

  private static func candidateKey(_ rule: AlertRule, _ id: String, _ event: String) -> [String] {
    ["candidate", rule.identity == .event ? event : id]
  }
}

extension AlertCorrection {
  /// The event, as in the identity of a candidate.
  fileprivate var place: String { "\(run)-\(burst)-\(event)" }
  /// The identity of the candidate.
  fileprivate var id: String { "\(place)-\(selection)" }
}
