@testable import NA62Formats

struct DecodedTEL62 {
  var edges: [TDCEdge]
  var result: TEL62.Result
}

func decodeTEL62(_ bytes: [UInt8], timestamp: UInt32 = 0) -> DecodedTEL62 {
  var list = ScratchList<TDCEdge>()
  let result = TEL62.decode(bytes.span.bytes, timestamp: timestamp, into: &list)
  return DecodedTEL62(edges: list.withElements { Array($0) }, result: result)
}

func decodeSRB(_ bytes: [UInt8], timestamp: UInt32 = 0) -> (edges: [SRB.Edge], status: BoardStatus) {
  var list = ScratchList<SRB.Edge>()
  let status = SRB.decode(bytes.span.bytes, timestamp: timestamp, into: &list)
  return (list.withElements { Array($0) }, status)
}

func words(_ values: UInt32...) -> [UInt8] {
  var out: [UInt8] = []
  for value in values { out.appendLittle(value) }
  return out
}

/// What `body` throws, or `nil`.
func failure(_ body: () throws(FormatError) -> Void) -> FormatError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}

/// Runs every decoder and dissector over some bytes, for the sake of not trapping.
func decodeEverything(_ bytes: [UInt8], timestamp: UInt32) -> Int {
  let span = bytes.span.bytes
  _ = decodeTEL62(bytes, timestamp: timestamp)
  _ = decodeSRB(bytes, timestamp: timestamp)
  _ = L0TPRecord(span)
  var fragments = 0
  if let header = L0MEPHeader(span), L0MEP.validate(span, isConfigured: { _ in true }) == nil {
    L0MEP.forEachFragment(of: span, header: header) { _ in fragments += 1 }
  }
  _ = L1Packet.forEachFragment(of: span, isConfigured: { _ in true }, { _ in fragments += 1 })
  _ = try? L1DataRequest(span)
  _ = try? L1Block(span)
  _ = try? EOBTriggerRecord(span)
  for alignment in StoredEvent.Alignment.allCases {
    _ = try? StoredEvent(span, l1Sources: [.lkr, .gtk], alignment: alignment)
  }
  if let file = try? BurstFile(span) {
    file.forEachEvent(in: span, l1Sources: [.lkr]) { _, _ in fragments += 1 }
  }
  let record = EOBTriggerRecord(level: .l1, node: 0, timestamp: 7).bytes
  _ = try? EndOfBurst.insert([record], into: bytes, timestamp: 7)
  let trees = [
    Dissector.l0MEP(span), Dissector.tel62(span), Dissector.srb(span), Dissector.l0tp(span),
    Dissector.l1Packet(span), Dissector.storedEvent(span, l1Sources: [.lkr]), Dissector.l1Block(span),
    Dissector.mtp(span), Dissector.mtp(span, format: .words64),
  ]
  return fragments + trees.reduce(0) { $0 + $1.errors.count }
}

/// What a dissector makes of some bytes.
func dissect(_ bytes: [UInt8], _ dissector: (RawSpan) -> FieldNode) -> FieldNode {
  dissector(bytes.span.bytes)
}
