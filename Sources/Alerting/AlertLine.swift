import Foundation

/// A candidate as ``AlertEncoder`` has written it, read back as far as it takes to order and to show it.
public struct AlertLine: Sendable, Hashable, Comparable {
  /// Longest line that is read, in bytes.
  public static let longest = 1 << 16

  /// Identity of the alert; see ``AlertRecord/id``.
  public let id: String
  /// Name of the selection.
  public let selection: String
  /// Run number.
  public let run: UInt32
  /// Burst number.
  public let burst: UInt32
  /// Number of the event in its burst.
  public let event: UInt32
  /// Data time, RFC 3339.
  public let dataTime: String
  /// Wall time, RFC 3339.
  public let wallTime: String
  /// What decided, name and value as text.
  public let quantities: [String: String]
  /// The line, without its end.
  public let text: String

  private struct Content: Decodable {
    enum Value: Decodable {
      case flag(Bool)
      case number(Double)
      case none

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let flag = try? value.decode(Bool.self) {
          self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
          self = .number(number)
        } else {
          self = .none
        }
      }

      var text: String? {
        switch self {
        case .flag(let flag): flag ? "yes" : "no"
        case .number(let number): "\(number)"
        case .none: nil
        }
      }
    }

    var schema: String
    var id: String
    var selection: String
    var run: UInt32
    var burst: UInt32
    var event: UInt32
    var t_data: String
    var t_wall: String
    var quantities: [String: Value]
  }

  /// Reads a line; nil where it is none, or too long.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.longest, !text.contains("\n"),
      let content = try? JSONDecoder().decode(Content.self, from: Data(text.utf8)),
      content.schema == AlertRecord.schema, content.id.utf8.count <= 256,
      content.id == "\(content.run)-\(content.burst)-\(content.event)-\(content.selection)"
    else { return nil }
    id = content.id
    selection = content.selection
    run = content.run
    burst = content.burst
    event = content.event
    dataTime = content.t_data
    wallTime = content.t_wall
    quantities = content.quantities.compactMapValues(\.text)
    self.text = text
  }

  /// In the order of the data.
  public static func < (a: Self, b: Self) -> Bool {
    (a.run, a.burst, a.dataTime, a.event, a.id) < (b.run, b.burst, b.dataTime, b.event, b.id)
  }
}
