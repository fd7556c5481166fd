import Configuration
import CountingStatistics
import Pages
import Selections

/// What a counting experiment says at the end of a run, and how it came to that.
struct CountingSummary: Sendable {
  /// Limit and significance.
  let result: CountingResult
  /// The significance that holds however often it is looked at; nil where the experiment has no such test.
  let anytime: AnytimeSignificance?
  /// The way there, burst by burst.
  let history: CountingHistory

  /// The summary of a selection's counts after the bursts `periods`; nil where it feeds no experiment.
  ///
  /// - Throws: `StatisticsError`.
  init?(_ part: PhysicsAccumulator, periods: [UInt64]) throws {
    var part = part
    guard let result = try part.result(), let course = try part.course(periods: periods) else { return nil }
    self.result = result
    anytime = course.anytime
    history = course.history
  }

  /// The alarms for a person; nil where no false-alarm rate is given.
  var alarmText: String? {
    guard let alarms = history.alarms, let plan = history.experiment.running, let budget = plan.falseAlarms
    else { return nil }
    return
      "alarms: \(alarms.count), at a false-alarm rate of \(TextTable.number(budget.rate)) for each of the "
      + plan.unit
  }

  /// The alarms for `counts.json`; nothing where no false-alarm rate is given.
  private var alarmEntries: [ConfigValue.Entry] {
    guard let alarms = history.alarms, let plan = history.experiment.running, let budget = plan.falseAlarms
    else { return [] }
    let list = alarms.prefix(Self.mostAlarms).map { alarm in
      ConfigValue.map(
        PhysicsAccumulator.entries(period: alarm.segment) + [
          .init("observed", .int(alarm.counts.observed)), .init("exposure", .double(alarm.counts.exposure)),
        ])
    }
    return [
      .init(
        "alarms",
        .map([
          .init("false_alarm_rate", .double(budget.rate)), .init("exposure_unit", .string(plan.unit)),
          .init("count", .int(alarms.count)), .init("first", .list(list)),
        ]))
    ]
  }

  /// Most alarms that are listed; the count has all of them.
  private static let mostAlarms = 20

  /// The sequential test for `counts.json`.
  var sequentialEntries: [ConfigValue.Entry] {
    guard let anytime else { return alarmEntries }
    return alarmEntries + [
      .init(
        "anytime",
        .map([
          .init("method", .string(anytime.method.rawValue)), .init("tail", .string(anytime.tail.rawValue)),
          .init("p_value", .double(anytime.pValue)),
          .init("z_one_sided", Self.number(anytime.zOneSided)),
          .init("z_two_sided", Self.number(anytime.zTwoSided)),
          .init("log_evidence", .double(anytime.logEvidence)),
          .init("largest_log_evidence", .double(anytime.largestLogEvidence)),
          .init("background", .double(anytime.counts.background)),
          .init("exposure", .double(anytime.counts.exposure)),
          .init("exposure_unit", .string(anytime.experiment.exposureUnit)),
          .init("background_knowledge", .string(anytime.experiment.background.description)),
        ]))
    ]
  }

  /// The points of a history.
  static func value(_ history: CountingHistory) -> ConfigValue {
    let points = history.points.map { point in
      ConfigValue.map(
        PhysicsAccumulator.entries(period: point.period) + [
          .init("bursts", .int(point.passed)), .init("observed", .int(point.result.observed)),
          .init("background", .double(point.result.experiment.background)),
          .init("upper_limit_events", .double(point.result.limit.upper)),
          .init("z_one_sided", Self.number(point.result.significance.zOneSided)),
          .init("anytime_p_value", Self.number(point.anytime?.pValue)),
        ])
    }
    return .list(points)
  }

  private static func number(_ value: Double?) -> ConfigValue { value.map { .double($0) } ?? .null }
}
