/// How far the counters reach that decide for an event by those before it: reductions, downscalings, autopass.
public enum CounterScope: String, Codable, CaseIterable, Hashable, Sendable {
  /// Over the whole run, as in one node of NA62's farm and in the L0 trigger processor: nothing resets them.
  case run
  /// Over one burst: they begin anew with each, so that a burst's decisions depend on that burst alone. What else
  /// outlives a burst (the last slot of L0's memory) begins anew as well.
  case burst
}
