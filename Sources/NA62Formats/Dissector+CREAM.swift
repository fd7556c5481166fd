/// Trees of what the calorimeters' boards send after L1 (`detectors.md` 12.2).
extension Dissector {
  /// The sources that CREAMs read.
  static let creamSources: Set<SourceID> = [.lkr, .muv1, .muv2]

  /// The tree of a CREAM's payload: its two words, the samples of each channel, the last word.
  ///
  /// - Parameters:
  ///   - payload: the payload of an L1 fragment.
  ///   - base: added to the offsets of the nodes.
  public static func cream(_ payload: RawSpan, base: Int = 0) -> FieldNode {
    var tree = TreeBuilder("CREAM", payload, base: base)
    guard payload.byteCount >= CREAM.emptyByteCount else {
      return tree.failed("shorter than its header", payload)
    }
    tree.number("payload length in words", payload, 0, 2)
    tree.number("samples of a channel", payload, 2, 2, width: 9)
    tree.number("zero suppressed", payload, 3, 1, shift: 6, width: 1)
    tree.number("request", payload, 3, 1, shift: 7, width: 1)
    tree.number("channel mask", payload, 4, 4, hex: true)
    let board: CREAM.Board
    do throws(FormatError) { board = try CREAM.Board(payload) } catch {
      tree.error(error.what, at: error.offset, length: 0)
      return tree.root
    }
    var offset = CREAM.Board.firstSample
    for number in 0..<32 where board.mask >> UInt32(number) & 1 != 0 {
      let length = 2 * board.sampleCount
      let samples = stride(from: offset, to: offset + length, by: 2).map {
        String(payload.little($0, as: UInt16.self))
      }
      tree.root.children.append(
        FieldNode(
          name: "channel", value: "\(number), samples \(samples.joined(separator: " "))",
          offset: base + offset, length: length))
      offset += length
    }
    tree.number("checksum", payload, offset, 4, hex: true)
    offset += 4
    if offset < payload.byteCount {
      tree.root.children.append(leftOver(from: offset, to: payload.byteCount, base: base))
    }
    return tree.root
  }
}
