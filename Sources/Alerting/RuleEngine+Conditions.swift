import NA62Formats

extension RuleEngine {
  /// A condition, for one rule.
  mutating func condition(_ condition: AlertCondition, rule index: Int, _ out: inout Messages) {
    let rule = rules.rules[index]
    func fits(_ patterns: [NamePattern], _ label: String) -> Bool {
      patterns.isEmpty || condition.labels.contains { $0.name == label && patterns.matches($0.value) }
    }
    switch (rule.trigger, condition.kind) {
    case (.drift(let lines, let levels, let kinds), .drift):
      guard fits(lines, "line"), fits(levels, "level"), fits(kinds, "kind") else { return }
    case (.quality(let items, let reasons, _, _, _), .quality):
      guard fits(items, "items"), fits(reasons, "reason") else { return }
    default: return
    }
    episode(
      rule: index, key: condition.key, isFiring: condition.isFiring,
      since: (condition.since ?? condition.dataTime).nanoseconds, at: condition.dataTime.nanoseconds,
      text: condition.text, labels: condition.labels, observed: condition.observed,
      expected: condition.expected, falseAlarm: condition.falseAlarm, &out)
  }

  /// What a stretch of data has lost, for one rule.
  mutating func quality(_ counts: QualityCounts, rule index: Int, _ out: inout Messages) {
    guard
      case .quality(let items, let reasons, let share, let minimum, let books) = rules.rules[index].trigger,
      items.isEmpty || items.matches(counts.items)
    else { return }
    let time = counts.dataTime.nanoseconds
    let labels: [AlertMessage.Label] = [.init("items", counts.items)]
    if books {
      episode(
        rule: index, key: "books \(counts.items)", isFiring: !counts.booksClose, since: time, at: time,
        text: counts.booksClose
          ? "the books of \(counts.items) close again"
          : "the books of \(counts.items) do not close: something was lost without a reason",
        labels: labels, &out)
    }
    // Too little to say anything of its share leaves things as they are.
    guard let share, counts.received >= minimum, counts.received > 0 else { return }
    let losses = counts.losses.filter { reasons.isEmpty || reasons.matches($0.reason) }
    let lost = losses.reduce(UInt64(0)) { $0.addingReportingOverflow($1.count).partialValue }
    let observed = Double(lost) / Double(counts.received)
    episode(
      rule: index, key: "loss \(counts.items)", isFiring: observed > share, since: time, at: time,
      text: AlertText.loss(counts.items, lost: lost, of: counts.received, losses, limit: share),
      labels: labels, observed: observed, expected: share, &out)
  }

  /// Something begins, goes on or ends; a message where it begins, and one where it ends.
  mutating func episode(
    rule index: Int, key name: String, isFiring: Bool, since: Int64, at time: Int64, text: String,
    labels: [AlertMessage.Label] = [], observed: Double? = nil, expected: Double? = nil,
    falseAlarm: AlertMessage.FalseAlarm? = nil, _ out: inout Messages
  ) {
    let rule = rules.rules[index]
    let known = self[rule: index].episodes[name]
    guard isFiring != (known != nil) else {
      if isFiring {
        self[rule: index].books.found += 1
        self[rule: index].books.repeated += 1
      }
      return
    }
    let begin = known?.since ?? since
    let kind = rule.trigger.kind
    var message = message(
      kind, rule, key: [kind.rawValue, name, String(begin), isFiring ? "firing" : "resolved"], text: text,
      at: time, labels: labels, out)
    message.series = key(rule: rule, [kind.rawValue, name])
    message.isFiring = isFiring
    message.observed = observed
    message.expected = expected
    message.falseAlarm = falseAlarm ?? rule.falseAlarm
    if isFiring {
      let wasSent = send(message, rule: index, &out)
      self[rule: index].episodes[name] = Episode(since: since, wasSent: wasSent)
      return
    }
    self[rule: index].episodes[name] = nil
    if known?.wasSent == true {
      // The end of what was told is told.
      send(message, rule: index, isForced: true, &out)
    } else {
      hold(rule: index, at: time)
    }
  }

  /// Counts the end of what was held back with what is held back.
  private mutating func hold(rule index: Int, at time: Int64) {
    self[rule: index].books.found += 1
    self[rule: index].books.held += 1
    let wall = state.wall
    let full = rules.rules[index].throttle?.messages ?? 0
    self[rule: index].window =
      self[rule: index].window ?? Window(start: time, wall: wall, sent: full, held: 0)
    self[rule: index].window?.held += 1
  }

  // MARK: Data that come or do not

  /// A burst has ended, of these first and last data times.
  mutating func burst(_ from: Int64, _ to: Int64, _ out: inout Messages) {
    let to = max(from, to)
    let before = state.burstEnd
    if context.isRecording, let before, from > before {
      for (index, rule) in rules.rules.enumerated() {
        guard case .silence(let after) = rule.trigger else { continue }
        let (begin, overflow) = before.addingReportingOverflow(after)
        guard !overflow, begin < from else { continue }
        silence(rule: index, isFiring: true, since: before, at: begin, &out)
        silence(rule: index, isFiring: false, since: before, at: from, &out)
      }
    }
    advance(to: to, &out)
    state.burstEnd = max(before ?? to, to)
    guard context.isRecording else { return }
    for (index, rule) in rules.rules.enumerated() {
      guard case .heartbeat(let every) = rule.trigger else { continue }
      beats(rule: index, every: every, from: from, to: to, since: before, &out)
    }
  }

  /// Signs of life at the multiples of an interval in data time; none in a gap of the data.
  private mutating func beats(
    rule index: Int, every: Int64, from: Int64, to: Int64, since: Int64?, _ out: inout Messages
  ) {
    let newest = Self.floorDivide(to, every)
    var first = (self[rule: index].beat ?? Self.floorDivide(from, every)) + 1
    // Bursts of a beam come within a minute; a longer pause is none of the chain's doing.
    let pause = max(every, 60_000_000_000)
    if let since, from.subtractingReportingOverflow(since).partialValue > pause {
      first = max(first, Self.floorDivide(from, every) + 1)
    }
    self[rule: index].beat = max(self[rule: index].beat ?? newest, newest)
    guard first <= newest else { return }
    // A burst has no years; times that say so are wrong, and cost one message.
    if newest - first >= 100 { first = newest }
    for beat in first...newest {
      let time = Self.time(beat, every)
      heartbeat(
        rule: index, at: time, text: "the chain works; data up to \(DataTime(nanoseconds: time).rfc3339)",
        &out)
    }
  }

  private mutating func heartbeat(rule index: Int, at time: Int64, text: String, _ out: inout Messages) {
    let message = message(
      .heartbeat, rules.rules[index], key: ["heartbeat", String(time)], text: text, at: time, out)
    send(message, rule: index, &out)
  }

  private mutating func silence(
    rule index: Int, isFiring: Bool, since: Int64, at time: Int64, _ out: inout Messages
  ) {
    let last = DataTime(nanoseconds: since).rfc3339
    let pause = DataTime(nanoseconds: time).seconds(since: DataTime(nanoseconds: since))
    episode(
      rule: index, key: "data", isFiring: isFiring, since: since, at: time,
      text: isFiring
        ? "no data for \(AlertText.number(pause)) s since \(last)"
        : "data again after \(AlertText.number(pause)) s",
      observed: pause, &out)
  }

  /// Live: data have come.
  mutating func arrived(_ data: Int64, now: Int64, _ out: inout Messages) {
    state.newestData = max(state.newestData ?? data, data)
    state.arrival = now
    state.wall = now
    guard !context.isRecording else { return }
    for (index, rule) in rules.rules.enumerated() {
      guard case .silence = rule.trigger, let episode = self[rule: index].episodes["data"] else { continue }
      silence(rule: index, isFiring: false, since: episode.since, at: max(data, episode.since), &out)
    }
  }

  /// Live: the wall clock has gone on.
  mutating func wallClock(_ now: Int64, _ out: inout Messages) {
    guard !context.isRecording else { return }
    state.wall = now
    let arrival = state.arrival ?? now
    state.arrival = arrival
    let data = state.newestData ?? arrival
    let pause = max(0, now.subtractingReportingOverflow(arrival).partialValue)
    for (index, rule) in rules.rules.enumerated() {
      if let throttle = rule.throttle, let start = self[rule: index].window?.wall,
        now.subtractingReportingOverflow(start).partialValue >= throttle.interval
      {
        closeWindow(rule: index, at: state.clock ?? data, &out)
      }
      switch rule.trigger {
      case .silence(let after):
        guard pause >= after else { continue }
        let (time, overflow) = data.addingReportingOverflow(pause)
        let isKnown = self[rule: index].episodes["data"] != nil
        if !isKnown { silence(rule: index, isFiring: true, since: data, at: overflow ? data : time, &out) }
      case .heartbeat(let every):
        let newest = Self.floorDivide(now, every)
        if let last = self[rule: index].beat, newest > last {
          heartbeat(
            rule: index, at: Self.time(newest, every),
            text: "the chain works; newest data of \(DataTime(nanoseconds: data).rfc3339)", &out)
        }
        self[rule: index].beat = max(self[rule: index].beat ?? newest, newest)
      default: continue
      }
    }
  }

  /// The time of a beat; the earliest time where the interval of the beat begins before all time.
  private static func time(_ beat: Int64, _ every: Int64) -> Int64 {
    let (time, overflow) = beat.multipliedReportingOverflow(by: every)
    return overflow ? .min : time
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
