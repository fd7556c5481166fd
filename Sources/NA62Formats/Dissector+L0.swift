/// Trees of what goes into the L0 trigger processor and comes out of it (`l0tp.md` 1.3, 1.4, 5.3, 5.4).
extension Dissector {
  /// Letters of the processor's inputs: CHOD, RICH, LAV12, MUV3, NewCHOD, TALK, LKr.
  private static let inputs = ["A", "B", "C", "D", "E", "F", "G"]

  /// The tree of a packet of primitives.
  ///
  /// - Parameters:
  ///   - payload: the UDP payload.
  ///   - format: the layout of the words.
  ///   - bitName: the name of a bit of a source's identifiers, if it has one.
  public static func mtp(
    _ payload: RawSpan, format: MTP.Format = .words32, bitName: (SourceID, Int) -> String? = { _, _ in nil }
  ) -> FieldNode {
    var tree = TreeBuilder("MTP", payload, base: 0)
    guard let header = MTPHeader(payload) else { return tree.failed("shorter than the header", payload) }
    tree.number("timestamp", payload, 0, 3)
    tree.source(payload, 3)
    tree.number("total length", payload, 4, 2)
    tree.number("number of primitives", payload, 6, 1)
    tree.number("source sub-ID", payload, 7, 1)
    if payload.byteCount > MTP.maximumByteCount {
      tree.error("longer than \(MTP.maximumByteCount) bytes", at: 0, length: payload.byteCount)
    }
    if Int(header.totalLength) != payload.byteCount {
      tree.error("the packet has \(payload.byteCount) bytes", at: 4, length: 2)
    }
    let width = format == .words32 ? 4 : 8
    var high = header.timestamp & 0x7F_FFFF
    var offset = MTPHeader.byteCount
    var count = 0
    while payload.holds(width, at: offset) {
      let word = payload.little(offset, as: UInt32.self)
      var node = TreeBuilder("primitive", payload, base: 0, offset: offset, length: width)
      if format == .words32, word >> 24 == 0 {
        high = word & 0x7F_FFFF
        node.root.name = "timestamp word"
        node.root.value = "\(high)"
        tree.root.children.append(node.root)
        offset += width
        continue
      }
      let identifier = UInt16(truncatingIfNeeded: word >> 16)
      let timestamp: UInt32
      node.number("fine time", payload, offset, 1)
      if format == .words32 {
        timestamp = high << 8 | (word >> 8) & 0xFF
        node.number("timestamp, low byte", payload, offset + 1, 1)
      } else {
        timestamp = payload.little(offset + 4, as: UInt32.self) & Primitive.timestampMask
        node.number("timestamp", payload, offset + 4, 4, width: 31)
      }
      node.number("primitive ID", payload, offset + 2, 2, hex: true)
      node.number("calibration", payload, offset + 2, 2, shift: 15, width: 1)
      if format == .words64, identifier == 0 {
        // A null primitive: the processor does not store it.
        node.root.value = "null"
      } else {
        count += 1
        let bits = (0..<15).filter { identifier & 1 << UInt16($0) != 0 }
        let names = bits.map { bitName(header.source, $0) ?? "bit \($0)" }.joined(separator: ", ")
        node.root.children.append(
          FieldNode(name: "bits", value: names, offset: offset + 2, length: 2))
        node.root.value =
          "t \(timestamp) + \(word & 0xFF)/256, "
          + (identifier & Primitive.calibrationBit != 0 ? "calibration" : names)
      }
      tree.root.children.append(node.root)
      offset += width
    }
    if offset < payload.byteCount {
      tree.root.children.append(leftOver(from: offset, to: payload.byteCount, base: 0))
    }
    if count & 0xFF != Int(header.primitiveCount) {
      tree.error("the packet has \(count) primitives", at: 6, length: 1)
    }
    return tree.root
  }

  /// The tree of an L0 trigger processor's payload: a trigger, whole (88 bytes) or as far as L1 reads it, or the
  /// end of a burst (840 bytes).
  ///
  /// - Parameters:
  ///   - payload: the fragment's payload.
  ///   - base: added to the offsets of the nodes.
  public static func l0tp(_ payload: RawSpan, base: Int = 0) -> FieldNode {
    if let end = try? L0TPEndOfBurst(payload) { return endOfBurst(end, payload, base: base) }
    var tree = TreeBuilder("L0TP", payload, base: base)
    tree.number("reference fine time", payload, 0, 1)
    tree.number("data type", payload, 1, 1, hex: true)
    tree.number("L0 trigger word", payload, 20, 1, hex: true)
    tree.number("trigger flags", payload, 22, 2, hex: true)
    guard let event = L0TPEvent(payload) else { return tree.root }
    tree.number("timestamp of the event before", payload, 16, 4)
    tree.number("trigger word of the event before", payload, 21, 1, hex: true)
    for (i, name) in ["CHOD", "RICH", "MUV3", "NewCHOD"].enumerated() {
      tree.number("\(name) primitives since the event before", payload, 24 + i, 1)
    }
    tree.number("internal timestamp", payload, 28, 4)
    for (slot, name) in ["N", "N-1", "N+1"].enumerated() {
      let identifiers = L0TPEvent.identifierOffsets[slot]
      let fineTimes = L0TPEvent.fineTimeOffsets[slot]
      // The detectors' identifiers and fine times lie apart, so the slot has no bytes of its own.
      var node = FieldNode(name: "slot", value: name, offset: base + identifiers, length: 0)
      for (i, letter) in inputs.enumerated() {
        let place = slot * L0TPEvent.inputs + i
        let identifier = "0x" + String(event.identifiers[place], radix: 16)
        node.children.append(
          FieldNode(
            name: "primitive ID \(letter)", value: identifier, offset: base + identifiers + 2 * i, length: 2))
        node.children.append(
          FieldNode(
            name: "fine time \(letter)", value: "\(event.fineTimes[place])", offset: base + fineTimes + i,
            length: 1))
      }
      tree.root.children.append(node)
    }
    if payload.byteCount > L0TPEvent.byteCount {
      tree.root.children.append(leftOver(from: L0TPEvent.byteCount, to: payload.byteCount, base: base))
    }
    return tree.root
  }

  private static func endOfBurst(_ end: L0TPEndOfBurst, _ payload: RawSpan, base: Int) -> FieldNode {
    var tree = TreeBuilder("L0TP end of burst", payload, base: base)
    let fields: [(String, Int, Int)] = [
      ("fixed latency", 2, 2), ("fine-time bits", 4, 1), ("reference detector", 5, 1),
      ("control detector", 6, 1), ("control downscaling", 10, 2),
      ("control triggers before downscaling", 12, 4),
      ("timestamp of the last event", 16, 4), ("trigger word of the last event", 21, 1),
    ]
    tree.number("data type", payload, 1, 1, hex: true)
    for (name, offset, length) in fields {
      tree.number(name, payload, offset, length, hex: name.hasPrefix("trigger word"))
    }
    for (i, letter) in inputs.enumerated() { tree.number("primitives \(letter)", payload, 24 + 4 * i, 4) }
    for (i, name) in [
      "chokes", "errors", "periodic triggers", "calibration triggers", "control triggers after downscaling",
    ].enumerated() { tree.number(name, payload, 52 + 4 * i, 4) }
    for (m, mask) in end.masks.enumerated() {
      let offset = 72 + 48 * m
      var node = TreeBuilder("mask", payload, base: base, offset: offset, length: 48)
      node.root.value = mask.factor == 0 ? "\(m), off" : "\(m)"
      node.number("mask number", payload, offset, 4)
      node.number("downscaling", payload, offset + 4, 4)
      node.number("triggers after downscaling", payload, offset + 8, 4)
      node.number("triggers before downscaling", payload, offset + 12, 4)
      for (i, letter) in inputs.enumerated() {
        node.number("mask \(letter)", payload, offset + 16 + 4 * i, 2, hex: true)
        node.number("dontcare \(letter)", payload, offset + 18 + 4 * i, 2, hex: true)
      }
      tree.root.children.append(node.root)
    }
    if payload.byteCount > L0TPEndOfBurst.byteCount {
      tree.root.children.append(leftOver(from: L0TPEndOfBurst.byteCount, to: payload.byteCount, base: base))
    }
    return tree.root
  }
}
