import Foundation

/// Documents as JSON: sorted keys, one line, so that the same document gives the same bytes.
///
/// JSON has no infinity: a number that is not finite is written as the string `Infinity`, `-Infinity` or `NaN`,
/// as the OpenAPI document says.
enum DocumentEncoder {
  /// A document as JSON.
  static func json(_ document: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return Array(try encoder.encode(document))
  }
}
