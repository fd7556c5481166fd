import NA62Formats

/// The order in which rejections are counted: that of `PacketRejection.allCases`, looked up once.
enum PacketRejectionOrder {
  static let count = PacketRejection.allCases.count
  private static let indices: [PacketRejection: Int] = Dictionary(
    uniqueKeysWithValues: PacketRejection.allCases.enumerated().map { ($1, $0) })

  static func index(of reason: PacketRejection) -> Int { indices[reason] ?? 0 }
}
