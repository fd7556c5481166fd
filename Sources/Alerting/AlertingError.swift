/// Why an alert could not be written, or a clock not set.
public enum AlertingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The output could not be opened: its path, and the system's reason.
  case cannotOpen(path: String, reason: String)
  /// A line could not be written whole: the path, and the system's reason.
  case cannotWrite(path: String, reason: String)
  /// The sink was closed before.
  case closed(path: String)
  /// SOURCE_DATE_EPOCH is set but is not a usable number of seconds; its value.
  case badSourceDateEpoch(String)

  /// One clear line.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let reason): "cannot open \(path): \(reason)"
    case .cannotWrite(let path, let reason): "cannot write to \(path): \(reason)"
    case .closed(let path): "cannot write to \(path): it is closed"
    case .badSourceDateEpoch(let value):
      "SOURCE_DATE_EPOCH is '\(value)': expected whole seconds since 1970-01-01, "
        + "between -9223372036 and 9223372036"
    }
  }
}
