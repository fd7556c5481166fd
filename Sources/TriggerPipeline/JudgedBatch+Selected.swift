public import EventBuilding

extension JudgedBatch {
  /// Scenes of events that raise an alert, of this batch or of earlier ones; some of them where there are many, and
  /// none that a blind selection seals (`TriggerPipeline.Options.keepsScenes`).
  public var scenes: [EventScene] { findings?.scenes ?? [] }

  /// Calls `body` for the events of this batch, or of earlier ones, that selections take which are not blind: bit s
  /// of the word is selection s of the set.
  public func forEachSelected(_ body: (BuiltEvent, UInt64) -> Void) {
    guard let findings else { return }
    for (event, selected) in zip(batch.events, findings.selected) where selected != 0 {
      body(event, selected)
    }
    for late in findings.late where late.selected != 0 { body(late.event, late.selected) }
  }
}
