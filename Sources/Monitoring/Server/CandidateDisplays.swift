/// Who draws candidates: the run gives it, as it has the events.
public protocol CandidateDisplays: Sendable {
  /// The picture of a candidate as SVG; nil if there is none.
  /// - Parameter id: identity of its alert. It comes from outside: letters, digits and `. _ : + -`, at most 128.
  func display(of id: String) async -> String?
}

/// No pictures.
public struct NoDisplays: CandidateDisplays {
  /// No pictures.
  public init() {}
  /// Nil.
  public func display(of id: String) async -> String? { nil }
}
