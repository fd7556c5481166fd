/// What the readout channels of a source's boards are: a table for each board, complete, so that decoding asks for
/// nothing but the channel.
struct ChannelMap: ~Copyable {
  /// Readout channels of a board.
  static let channels = 512

  /// By 512 × board + channel; −1 for none.
  let places: UnsafeMutablePointer<Int32>
  /// Boards that are there.
  let boards: Int

  /// A map of so many boards.
  ///
  /// - Parameter place: says of a board and one of its readout channels what it is; negative for none.
  init(boards: Int, _ place: (Int, Int) -> Int32) {
    self.boards = boards
    places = .allocate(capacity: max(boards, 1) * Self.channels)
    for board in 0..<boards {
      for channel in 0..<Self.channels {
        (places + Self.channels * board + channel).initialize(to: place(board, channel))
      }
    }
  }

  deinit { places.deallocate() }
}
