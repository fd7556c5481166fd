/// Builds the payload of a TEL62 readout board: the inverse of `TEL62.decode` (`l1.md` 4.1).
public struct TEL62Encoder: Hashable, Sendable {
  /// One frame: the TDC words of one stretch of time (`l1.md` 4.1).
  public struct Frame: Hashable, Sendable {
    /// Low 16 bits of the frame's time in clock periods.
    public var timestamp: UInt16
    /// The TDC words, without the frame header.
    public var words: [UInt32]

    /// A frame with the given words.
    public init(timestamp: UInt16, words: [UInt32] = []) {
      self.timestamp = timestamp
      self.words = words
    }
  }

  /// One FPGA block: its header, its frames and its error block, if any (`l1.md` 4.1).
  public struct FPGA: Hashable, Sendable {
    /// Identifier of the FPGA, 0 to 3 in real boards.
    public var id: UInt8
    /// Bits 15 to 8 of the header, 0xFF in real boards: anything else behind an FPGA whose error bit
    /// is set is taken for an error block.
    public var reserved: UInt8
    /// Error flags; bit 0 announces an error block.
    public var errorFlags: UInt8
    /// The frames, in order.
    public var frames: [Frame]
    /// The error block behind the frames, or `nil` for none.
    public var errorBlock: ErrorBlock?

    /// A block with the given fields.
    public init(
      id: UInt8, reserved: UInt8 = 0xFF, errorFlags: UInt8 = 0, frames: [Frame] = [],
      errorBlock: ErrorBlock? = nil
    ) {
      self.id = id
      self.reserved = reserved
      self.errorFlags = errorFlags
      self.frames = frames
      self.errorBlock = errorBlock
    }
  }

  /// The error block of an FPGA (`l1.md` 4.1).
  public struct ErrorBlock: Hashable, Sendable {
    /// The two counts of error words per frame, bits 15 to 0 of the block's header; bits 15 to 8 have
    /// to differ from 0xFF for the block to be recognised.
    public var counts: UInt16
    /// The error words, without the block's header.
    public var words: [UInt32]

    /// A block with the given words.
    public init(counts: UInt16, words: [UInt32] = []) {
      self.counts = counts
      self.words = words
    }
  }

  /// Format byte of the board header.
  public var format: UInt8
  /// The board.
  public var subID: UInt8
  /// Trigger type; bit 7 says that the payload carries no data.
  public var triggerType: UInt8
  /// FPGA flags, or `nil` for as many bits as there are blocks.
  public var fpgaFlags: UInt8?
  /// The FPGA blocks, in order.
  public var fpgas: [FPGA]

  /// A board with the given fields.
  public init(
    subID: UInt8, triggerType: UInt8 = 0, format: UInt8 = 0, fpgaFlags: UInt8? = nil, fpgas: [FPGA] = []
  ) {
    self.subID = subID
    self.triggerType = triggerType
    self.format = format
    self.fpgaFlags = fpgaFlags
    self.fpgas = fpgas
  }

  /// The board whose payload decodes to the given edges, in the order of the FPGAs and, within one
  /// FPGA, in the given order.
  ///
  /// - Parameters:
  ///   - edges: the edges; a trailing edge gets the word type 5.
  ///   - timestamp: the event's timestamp; a frame can lie at most half of 2^16 periods from it.
  ///   - subID: the board.
  ///   - fpgaIDs: FPGAs that get a block even without edges.
  /// - Throws: `FormatError`, its offset the index of the edge that no frame can hold.
  public init(
    edges: [TDCEdge], timestamp: UInt32, subID: UInt8, fpgaIDs: [UInt8] = [0, 1, 2, 3]
  ) throws(FormatError) {
    self.init(subID: subID)
    fpgas = fpgaIDs.map { FPGA(id: $0) }
    for (index, edge) in edges.enumerated() {
      let tdc = UInt32(edge.channel >> 5)
      guard tdc < 256 else { throw FormatError("channel above 8191 of edge", at: index) }
      let stamp = UInt16(truncatingIfNeeded: (edge.time >> 8) & 0xF800)
      guard TEL62.frameBase(stamp, timestamp: timestamp) == edge.time & ~0x7FFFF else {
        throw FormatError("time out of reach of the event's timestamp, of edge", at: index)
      }
      let low = UInt32(truncatingIfNeeded: edge.time & 0x7FFFF)
      let channel = UInt32(edge.channel & 31) << 19
      let word = low | channel | (tdc & 3) << 24 | (edge.isLeading ? 4 : 5) << 28
      let id = UInt8(truncatingIfNeeded: tdc / 4)
      let block: Int
      if let found = fpgas.firstIndex(where: { $0.id == id }) {
        block = found
      } else {
        block = fpgas.count
        fpgas.append(FPGA(id: id))
      }
      let last = fpgas[block].frames.count - 1
      if last >= 0, fpgas[block].frames[last].timestamp == stamp {
        fpgas[block].frames[last].words.append(word)
      } else {
        fpgas[block].frames.append(Frame(timestamp: stamp, words: [word]))
      }
    }
  }

  /// The payload.
  ///
  /// - Throws: `FormatError` if a count does not fit its field.
  public func bytes() throws(FormatError) -> [UInt8] {
    var out: [UInt8] = []
    guard fpgas.count <= 8 else { throw FormatError("more than 8 FPGA blocks", at: 0) }
    out.append(fpgaFlags ?? UInt8(truncatingIfNeeded: (1 << fpgas.count) - 1))
    out.append(triggerType)
    out.append(subID)
    out.append(format)
    for fpga in fpgas {
      guard fpga.frames.count <= 255 else { throw FormatError("more than 255 frames", at: out.count) }
      out.append(UInt8(fpga.frames.count))
      out.append(fpga.reserved)
      out.append(fpga.id)
      out.append(fpga.errorFlags)
      for frame in fpga.frames {
        guard frame.words.count < 0xFFFF else { throw FormatError("frame too long", at: out.count) }
        out.appendLittle(frame.timestamp)
        out.appendLittle(UInt16(frame.words.count + 1))
        for word in frame.words { out.appendLittle(word) }
      }
      guard let block = fpga.errorBlock else { continue }
      guard block.words.count < 0xFFFF else { throw FormatError("error block too long", at: out.count) }
      out.appendLittle(block.counts)
      out.appendLittle(UInt16(block.words.count + 1))
      for word in block.words { out.appendLittle(word) }
    }
    return out
  }
}

extension TEL62 {
  /// What the TDC words of a frame are added to, in 1/256 of a clock period: the frame's time extended
  /// by the event's timestamp, with NA62's correction at multiples of 2^16 (`l1.md` 4.1 step 5).
  static func frameBase(_ frame: UInt16, timestamp: UInt32) -> UInt64 {
    var time = UInt64(timestamp & 0xFFFF_0000) &+ UInt64(frame)
    if timestamp & 0xF000 == 0xF000, time & 0xF000 == 0 { time &+= 0x10000 }
    if timestamp & 0xF000 == 0, time & 0xF000 == 0xF000 { time &-= 0x10000 }
    return (time & 0xFFFF_F800) &* 256
  }
}
