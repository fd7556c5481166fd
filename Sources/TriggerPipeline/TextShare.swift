import Pages

/// A share for a person.
public enum TextShare {
  /// The share in percent, with four significant digits and no zeros behind them.
  public static func percent(_ share: Double) -> String { "\(TextTable.number(share * 100)) %" }
}
