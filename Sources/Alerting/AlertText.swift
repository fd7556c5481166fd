import Foundation

/// The lines that people read.
enum AlertText {
  /// A number with three digits.
  static func number(_ value: Double) -> String { String(format: "%.3g", value) }

  /// Nanoseconds as seconds.
  static func seconds(_ nanoseconds: Int64) -> String { "\(number(Double(nanoseconds) / 1e9)) s" }

  /// P(Z ≥ z) of a normal distribution.
  static func oneSidedTail(_ z: Double) -> Double { erfc(z / 2.squareRoot()) / 2 }

  static func labels(
    _ selection: String, _ run: UInt32, _ burst: UInt32, _ event: UInt32
  ) -> [AlertMessage.Label] {
    [
      .init("selection", selection), .init("run", String(run)), .init("burst", String(burst)),
      .init("event", String(event)),
    ]
  }

  static func candidate(_ record: AlertRecord, _ regions: [String]) -> String {
    var text = "candidate of \(record.selection): \(event(record))"
    if !regions.isEmpty { text += ", in \(regions.joined(separator: ", "))" }
    if let state = record.state {
      text += "; observed \(state.observed), background \(number(state.background))"
      if let p = state.anytimePValue { text += ", always-valid p \(number(p))" }
    }
    return text
  }

  static func significance(
    _ record: AlertRecord, _ state: AlertRecord.State, _ statistic: AlertRule.Statistic, _ value: Double,
    _ threshold: Double
  ) -> String {
    let side = statistic.isProbability ? "has come down to" : "has come up to"
    return
      "\(record.selection): \(statistic.rawValue) \(side) \(number(value)) (threshold \(number(threshold))); "
      + "observed \(state.observed), background \(number(state.background)), at \(event(record))"
  }

  static func loss(
    _ items: String, lost: UInt64, of received: UInt64, _ losses: [QualityCounts.Loss], limit: Double
  ) -> String {
    let share = Double(lost) / Double(received)
    var text =
      "\(items): \(lost) of \(received) lost (\(number(share * 100)) %, limit \(number(limit * 100)) %)"
    // The first of the largest, so that the text does not depend on a sort.
    let most = losses.reduce(nil as QualityCounts.Loss?) { best, loss in
      loss.count > best?.count ?? 0 ? loss : best
    }
    if let most { text += ", most of them \(most.reason)" }
    return text
  }

  private static func event(_ record: AlertRecord) -> String {
    "run \(record.event.run) burst \(record.event.burst) event \(record.event.number)"
  }
}
