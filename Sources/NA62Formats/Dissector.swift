/// A field of dissected bytes: its name as in `l1.md`, its value, its place, and the fields inside it
/// (`l1.md` sections 2, 4, 6.6 and 7).
public struct FieldNode: Hashable, Sendable {
  /// Name of the nodes that say what is wrong with the bytes.
  public static let errorName = "error"

  /// Name of the field.
  public var name: String
  /// The value in words; empty for a mere container.
  public var value: String
  /// Where the field begins, in bytes from the start of what was dissected.
  public var offset: Int
  /// Length in bytes.
  public var length: Int
  /// The fields inside this one.
  public var children: [FieldNode]

  /// A node with the given fields.
  public init(name: String, value: String, offset: Int, length: Int, children: [FieldNode] = []) {
    self.name = name
    self.value = value
    self.offset = offset
    self.length = length
    self.children = children
  }

  /// Whether the node says what is wrong.
  public var isError: Bool { name == Self.errorName }

  /// Every error node at or below this one.
  public var errors: [FieldNode] {
    (isError ? [self] : []) + children.flatMap(\.errors)
  }
}

/// Turns bytes into trees of named fields (`l1.md` sections 2, 4, 6.6 and 7). Any bytes are taken: what
/// is wrong with them is said by nodes of the name `error`.
public enum Dissector {
  /// The tree of an L0 multi-event packet, its payloads included (`l1.md` 2.1).
  public static func l0MEP(_ payload: RawSpan) -> FieldNode {
    var tree = TreeBuilder("L0 MEP", payload, base: 0)
    guard let header = L0MEPHeader(payload) else {
      return tree.failed("shorter than the header", payload)
    }
    tree.number("event number", payload, 0, 3)
    tree.source(payload, 3)
    tree.number("total length", payload, 4, 2)
    tree.number("number of events", payload, 6, 1)
    tree.number("source sub-ID", payload, 7, 1)
    if let rejection = L0MEP.validate(payload, isConfigured: { _ in true }) {
      tree.error(rejection.rawValue, at: 0, length: payload.byteCount)
    }
    var offset = L0MEPHeader.byteCount
    for index in 0..<UInt32(header.eventCount) {
      guard payload.holds(L0Fragment.headerByteCount, at: offset) else { break }
      let length = Int(payload.little(offset, as: UInt16.self))
      guard length >= L0Fragment.headerByteCount, payload.holds(length, at: offset) else { break }
      var node = TreeBuilder("fragment", payload, base: 0, offset: offset, length: length)
      node.root.value = "event \(header.firstEvent &+ index)"
      node.number("length", payload, offset, 2)
      node.number("event number LSB", payload, offset + 2, 1)
      node.number("last event of burst", payload, offset + 3, 1, shift: 7, width: 1)
      node.number("timestamp", payload, offset + 4, 4)
      node.root.children.append(
        fragmentPayload(
          payload.extracting(offset + L0Fragment.headerByteCount..<offset + length),
          of: header.source, base: offset + L0Fragment.headerByteCount))
      tree.root.children.append(node.root)
      offset += length
    }
    return tree.root
  }

  /// The tree of a TEL62 board's payload (`l1.md` 4.1). A step of the tree that fails ends it there, as
  /// it does decoding.
  ///
  /// - Parameters:
  ///   - payload: the fragment's payload.
  ///   - base: added to the offsets of the nodes.
  public static func tel62(_ payload: RawSpan, base: Int = 0) -> FieldNode {
    var tree = TreeBuilder("TEL62", payload, base: base)
    let n = payload.byteCount / 4
    guard n > 0 else { return tree.failed("no board header", payload) }
    tree.number("FPGA flags", payload, 0, 1, hex: true)
    tree.number("trigger type", payload, 1, 1, hex: true)
    tree.number("source sub-ID", payload, 2, 1)
    tree.number("format", payload, 3, 1)
    if payload.little(1, as: UInt8.self) & 0x80 != 0 {
      tree.root.value = "special trigger"
      return tree.root
    }
    let count = payload.little(0, as: UInt8.self).nonzeroBitCount
    guard (1...4).contains(count) else { return tree.failed("\(count) FPGAs", payload) }
    var w = 1
    for index in 0..<count {
      var block = TreeBuilder("FPGA", payload, base: base, offset: w * 4, length: 4)
      let fault = fpga(payload, at: &w, words: n, following: count - 1 - index, into: &block)
      block.root.length = min(w, n) * 4 - (block.root.offset - base)
      if let fault { block.error(fault, at: max(0, min(w, n - 1)) * 4, length: 4) }
      tree.root.children.append(block.root)
      if fault != nil { return tree.root }
    }
    if w < n { tree.root.children.append(leftOver(from: w * 4, to: payload.byteCount, base: base)) }
    return tree.root
  }

  private static func fpga(
    _ payload: RawSpan, at w: inout Int, words n: Int, following: Int, into block: inout TreeBuilder
  ) -> String? {
    guard w < n else { return "FPGA header outside the payload" }
    let frames = Int(payload.little(w * 4, as: UInt8.self))
    let id = UInt32(payload.little(w * 4 + 2, as: UInt8.self))
    let flags = payload.little(w * 4 + 3, as: UInt8.self)
    block.number("number of frames", payload, w * 4, 1)
    block.number("reserved", payload, w * 4 + 1, 1, hex: true)
    block.number("FPGA ID", payload, w * 4 + 2, 1)
    block.number("error flags", payload, w * 4 + 3, 1, hex: true)
    w += 1
    for _ in 0..<frames {
      guard w < n else { return "frame header outside the payload" }
      let length = Int(payload.little(w * 4 + 2, as: UInt16.self))
      guard length > 0 else { return "frame of no words" }
      let end = min(w + length, n)
      var frame = TreeBuilder("frame", payload, base: block.base, offset: w * 4, length: (end - w) * 4)
      frame.number("frame timestamp", payload, w * 4, 2)
      frame.number("number of words", payload, w * 4 + 2, 2)
      for index in w + 1..<max(end, w + 1) {
        let word = payload.little(index * 4, as: UInt32.self)
        let tdc = ((word >> 24) & 3) + 4 * id
        let channel = 32 * tdc + ((word >> 19) & 31)
        let edge = word >> 28 == 4 ? "leading" : "trailing"
        frame.root.children.append(
          FieldNode(
            name: "TDC word", value: "\(edge), channel \(channel), time \(word & 0x7FFFF)",
            offset: block.base + index * 4, length: 4))
      }
      block.root.children.append(frame.root)
      guard w + length <= n else { return "frame reaches behind the payload" }
      w += length
    }
    guard flags & 1 != 0, w < n else { return nil }
    let error = payload.little(w * 4, as: UInt32.self)
    // NA62 does not look for a block where the words so far make up the payload (`l1.md` 4.1 step 6).
    let isLast = w + following == n
    guard (error >> 8) & 0xFF != 0xFF, !isLast else { return nil }
    let length = Int(error >> 16)
    guard length > 0 else { return "error block of no words" }
    var node = TreeBuilder(
      "error block", payload, base: block.base, offset: w * 4, length: (min(w + length, n) - w) * 4)
    node.number("error words per frame", payload, w * 4, 2, hex: true)
    node.number("number of error words", payload, w * 4 + 2, 2)
    block.root.children.append(node.root)
    w += length
    return nil
  }

  /// The tree of a STRAW board's payload (`l1.md` 4.2).
  ///
  /// - Parameters:
  ///   - payload: the fragment's payload.
  ///   - base: added to the offsets of the nodes.
  public static func srb(_ payload: RawSpan, base: Int = 0) -> FieldNode {
    var tree = TreeBuilder("SRB", payload, base: base)
    guard payload.byteCount >= 8 else { return tree.failed("shorter than the header", payload) }
    tree.number("SRB ID", payload, 0, 1, width: 5)
    tree.number("flags", payload, 0, 1, shift: 5, width: 3, hex: true)
    tree.number("trigger type", payload, 1, 1, hex: true)
    tree.number("packet length", payload, 2, 2)
    tree.number("time of the first slot", payload, 4, 4)
    let words = Int(UInt16(truncatingIfNeeded: Int(payload.little(2, as: UInt16.self)) / 4 - 6))
    let slots = 8 + words * 4
    guard payload.holds(SRBEncoder.slotCount, at: slots) else {
      return tree.failed("slot counts outside the payload", payload)
    }
    for index in 0..<2 * words {
      let word = payload.little(8 + 2 * index, as: UInt16.self)
      let edge = word & 0x20 == 0 ? "leading" : "trailing"
      let value = "\(edge), straw \((word >> 6) & 0xFF), fine time \(word & 31)"
      tree.root.children.append(
        FieldNode(name: "edge", value: value, offset: base + 8 + 2 * index, length: 2))
    }
    var delivered = 0
    for slot in 0..<SRBEncoder.slotCount {
      delivered += Int(payload.little(slots + slot, as: UInt8.self))
      tree.number("edges in slot \(slot)", payload, slots + slot, 1)
    }
    if delivered > payload.byteCount / 4 * 2 {
      tree.error("slots ask for more edges than fit", at: slots, length: SRBEncoder.slotCount)
    }
    let end = slots + SRBEncoder.slotCount
    if end < payload.byteCount {
      tree.root.children.append(leftOver(from: end, to: payload.byteCount, base: base))
    }
    return tree.root
  }

  /// The tree of a packet of the boards that are read after L1 (`l1.md` 2.4).
  public static func l1Packet(_ payload: RawSpan) -> FieldNode {
    var tree = TreeBuilder("L1 packet", payload, base: 0)
    if let rejection = L1Packet.forEachFragment(of: payload, isConfigured: { _ in true }, { _ in }) {
      tree.error(rejection.rawValue, at: 0, length: payload.byteCount)
    }
    var offset = 0
    while let fragment = L1Packet.Fragment(payload, at: offset) {
      guard fragment.length >= L1Packet.headerByteCount, payload.holds(fragment.length, at: offset) else {
        break
      }
      tree.root.children.append(l1Fragment(payload, at: offset, length: fragment.length))
      offset += fragment.length
    }
    return tree.root
  }

  private static func l1Fragment(_ payload: RawSpan, at offset: Int, length: Int) -> FieldNode {
    var node = TreeBuilder("fragment", payload, base: 0, offset: offset, length: length)
    node.number("event number", payload, offset, 3)
    node.source(payload, offset + 3)
    node.number("length in words", payload, offset + 4, 2)
    node.number("reserved", payload, offset + 6, 2)
    node.number("timestamp", payload, offset + 8, 4)
    node.number("crate", payload, offset + 12, 2, shift: 5, width: 6)
    node.number("slot", payload, offset + 12, 2, width: 5)
    node.number("L0 trigger word", payload, offset + 14, 1, hex: true)
    node.number("reserved", payload, offset + 15, 1)
    let start = offset + L1Packet.headerByteCount
    let count = max(0, length - L1Packet.headerByteCount)
    // Where the payload lies inside, so does the header before it.
    let isCREAM =
      count > 0 && payload.holds(count, at: start)
      && creamSources.contains(SourceID(rawValue: payload.little(offset + 3, as: UInt8.self)))
    node.root.children.append(
      isCREAM
        ? cream(payload.extracting(start..<start + count), base: start)
        : FieldNode(name: "payload", value: "\(count) bytes", offset: start, length: count))
    return node.root
  }

  /// The tree of a stored event (`l1.md` 7.1).
  public static func storedEvent(
    _ bytes: RawSpan, l1Sources: Set<SourceID>, alignment: StoredEvent.Alignment = .faithful
  ) -> FieldNode {
    var tree = TreeBuilder("event", bytes, base: 0)
    let names = [
      ("event number", 0, 3), ("format", 3, 1), ("length in words", 4, 4), ("burst ID", 8, 4),
      ("timestamp", 12, 4), ("trigger word", 16, 3), ("reserved", 19, 1), ("fine time", 20, 1),
      ("number of sources", 21, 1), ("reserved", 22, 2), ("processing ID", 24, 4),
      ("SOB timestamp", 28, 4),
    ]
    for (name, offset, length) in names {
      let hex = name == "format" || name == "trigger word"
      tree.number(name, bytes, offset, length, hex: hex)
    }
    let event: StoredEvent
    do {
      event = try StoredEvent(bytes, l1Sources: l1Sources, alignment: alignment)
    } catch {
      tree.error(error.what, at: error.offset, length: 0)
      return tree.root
    }
    for index in event.sources.indices {
      var pointer = TreeBuilder("pointer", bytes, base: 0, offset: 32 + 4 * index, length: 4)
      pointer.number("offset in words", bytes, 32 + 4 * index, 3)
      pointer.source(bytes, 35 + 4 * index)
      tree.root.children.append(pointer.root)
    }
    for source in event.sources {
      var block = TreeBuilder("source", bytes, base: 0, offset: source.offset, length: source.length)
      block.root.value = "\(source.id.name) (\(source.id.hex))"
      for fragment in source.fragments {
        block.root.children.append(stored(fragment, of: source, bytes))
      }
      tree.root.children.append(block.root)
    }
    tree.number("trailer", bytes, event.trailerOffset, min(4, event.byteCount - event.trailerOffset))
    return tree.root
  }

  private static func stored(
    _ fragment: StoredEvent.Fragment, of source: StoredEvent.Source, _ bytes: RawSpan
  ) -> FieldNode {
    if source.stage == .l1 { return l1Fragment(bytes, at: fragment.offset, length: fragment.length) }
    let offset = fragment.offset
    var node = TreeBuilder("fragment", bytes, base: 0, offset: offset, length: fragment.length)
    if fragment.isMissing { node.root.value = "missing" }
    node.number("size", bytes, offset, 2)
    node.number("source sub-ID", bytes, offset + 2, 1)
    node.number("reserved", bytes, offset + 3, 1)
    node.number("timestamp", bytes, offset + 4, 4)
    if !fragment.isMissing {
      node.root.children.append(
        fragmentPayload(
          bytes.extracting(fragment.payload), of: source.id, base: fragment.payload.lowerBound))
    }
    return node.root
  }

  /// The tree of the L1 data block (`l1.md` 6.6).
  ///
  /// - Parameters:
  ///   - payload: the payload of fragment 0 of source 0x44.
  ///   - base: added to the offsets of the nodes.
  public static func l1Block(_ payload: RawSpan, base: Int = 0) -> FieldNode {
    var tree = TreeBuilder("L1 block", payload, base: base)
    let global: [(String, Int, Int)] = [
      ("length", 0, 1), ("fine time", 1, 1), ("format", 3, 1), ("downscaleFactor", 4, 2),
      ("reductionFactor", 6, 2), ("number of listed masks", 8, 1), ("bypassProbability", 9, 1),
      ("autoFlagFactor", 10, 2),
    ]
    for (name, offset, length) in global { tree.number(name, payload, offset, length) }
    tree.number("reference source", payload, 2, 1, width: 4)
    tree.number("flag mode", payload, 2, 1, shift: 4, width: 4)
    guard payload.holds(L1Block.globalByteCount, at: 0) else { return tree.root }
    var offset = L1Block.globalByteCount
    do throws(FormatError) {
      for _ in 0..<payload.little(8, as: UInt8.self) {
        let mask = try L1Block.mask(payload, at: offset)
        var node = TreeBuilder("mask", payload, base: base, offset: offset, length: 8)
        node.root.value = "\(mask.id)"
        let fields: [(String, Int, Int)] = [
          ("number of algorithms", 0, 1), ("mask word", 1, 1), ("mask ID", 2, 1), ("flags", 3, 1),
          ("maskReductionFactor", 4, 2), ("fine time", 6, 1), ("reference", 7, 1),
        ]
        for (name, place, length) in fields { node.number(name, payload, offset + place, length) }
        offset += L1Block.maskByteCount
        for _ in 0..<mask.algorithmCount {
          do throws(FormatError) {
            let algorithm = try L1Block.algorithm(payload, at: offset)
            node.root.children.append(algorithmNode(algorithm, payload, base: base))
            offset += algorithm.length
          } catch {
            tree.root.children.append(node.root)
            throw error
          }
        }
        node.root.length = base + offset - node.root.offset
        tree.root.children.append(node.root)
      }
    } catch {
      tree.error(error.what, at: error.offset, length: 0)
      return tree.root
    }
    if offset < payload.byteCount {
      tree.error("bytes behind the last packet", at: offset, length: payload.byteCount - offset)
    }
    return tree.root
  }

  private static func algorithmNode(
    _ algorithm: L1Block.Algorithm, _ payload: RawSpan, base: Int
  ) -> FieldNode {
    let offset = algorithm.offset
    var node = TreeBuilder("algorithm", payload, base: base, offset: offset, length: algorithm.length)
    node.root.value = L1Block.algorithmName(algorithm.id)
    let fields: [(String, Int, Int)] = [
      ("number of words", 0, 1), ("processID", 1, 1), ("ID", 2, 1), ("qualityFlags", 3, 1),
      ("DSFactor", 4, 2), ("window", 6, 1), ("algoFlags", 7, 1),
    ]
    for (name, place, length) in fields {
      node.number(name, payload, offset + place, length, hex: name.hasSuffix("Flags"))
    }
    for index in algorithm.data.indices {
      node.number("data[\(index)]", payload, offset + 8 + 4 * index, 4)
    }
    return node.root
  }

  /// The tree of a fragment's payload, by its source.
  private static func fragmentPayload(_ payload: RawSpan, of source: SourceID, base: Int) -> FieldNode {
    switch source {
    case .l0tp: l0tp(payload, base: base)
    case .straw: srb(payload, base: base)
    case .l1: l1Block(payload, base: base)
    case .ktag, .lav, .chod, .rich, .ircSacNewCHOD, .muv3, .chanti, .sac, .hasc:
      tel62(payload, base: base)
    default:
      FieldNode(
        name: "payload", value: "\(payload.byteCount) bytes", offset: base, length: payload.byteCount)
    }
  }

  static func leftOver(from start: Int, to end: Int, base: Int) -> FieldNode {
    FieldNode(name: "left over", value: "\(end - start) bytes", offset: base + start, length: end - start)
  }
}

/// A node under construction, and where its bytes begin in the whole.
struct TreeBuilder {
  var root: FieldNode
  let base: Int

  init(_ name: String, _ span: RawSpan, base: Int, offset: Int = 0, length: Int? = nil) {
    self.base = base
    root = FieldNode(name: name, value: "", offset: base + offset, length: length ?? span.byteCount)
  }

  /// Appends a little-endian number of up to 4 bytes, or an error if the bytes are not there.
  mutating func number(
    _ name: String, _ span: RawSpan, _ offset: Int, _ length: Int, shift: Int = 0, width: Int = 32,
    hex: Bool = false
  ) {
    guard span.holds(length, at: offset) else {
      error("no room for \(name)", at: offset, length: 0)
      return
    }
    var value: UInt64 = 0
    for byte in 0..<length {
      value |= UInt64(span.little(offset + byte, as: UInt8.self)) << UInt64(8 * byte)
    }
    value = (value >> UInt64(shift)) & ((1 << UInt64(width)) - 1)
    let text = hex ? "0x" + String(value, radix: 16) : String(value)
    root.children.append(FieldNode(name: name, value: text, offset: base + offset, length: length))
  }

  /// Appends a source identifier.
  mutating func source(_ span: RawSpan, _ offset: Int) {
    guard span.holds(1, at: offset) else {
      error("no room for source ID", at: offset, length: 0)
      return
    }
    let id = SourceID(rawValue: span.little(offset, as: UInt8.self))
    root.children.append(
      FieldNode(name: "source ID", value: "\(id.hex) \(id.name)", offset: base + offset, length: 1))
  }

  /// Appends an error.
  mutating func error(_ what: String, at offset: Int, length: Int) {
    root.children.append(
      FieldNode(name: FieldNode.errorName, value: what, offset: base + offset, length: length))
  }

  /// The node with an error about all its bytes.
  mutating func failed(_ what: String, _ span: RawSpan) -> FieldNode {
    error(what, at: 0, length: span.byteCount)
    return root
  }
}
