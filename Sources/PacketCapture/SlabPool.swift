import NIOConcurrencyHelpers

/// Keeps the memory of dropped batches for the next ones, so that no batch pays for fresh pages.
final class SlabPool: Sendable {
  private struct Shelf {
    var slabs: [ContiguousArray<UInt8>] = []
    var indexes: [ContiguousArray<Datagram>] = []
  }

  private let shelf = NIOLockedValueBox(Shelf())
  /// Length of a slab, in bytes.
  let slabSize: Int
  private let capacity: Int

  /// A pool of slabs of `slabSize` bytes that keeps at most `capacity` of them.
  init(slabSize: Int, capacity: Int = 32) {
    self.slabSize = slabSize
    self.capacity = capacity
  }

  /// A slab of at least `slabSize` bytes, of any content, and an empty index.
  func take() -> (slab: ContiguousArray<UInt8>, index: ContiguousArray<Datagram>) {
    let kept = shelf.withLockedValue { ($0.slabs.popLast(), $0.indexes.popLast()) }
    let slab = kept.0 ?? ContiguousArray(repeating: 0, count: slabSize)
    var index = kept.1 ?? []
    index.removeAll(keepingCapacity: true)
    return (slab, index)
  }

  /// Gives memory back; slabs grown for a huge packet are let go.
  func give(slab: ContiguousArray<UInt8>, index: ContiguousArray<Datagram>) {
    let fits = slab.count >= slabSize && slab.count <= slabSize &* 2
    shelf.withLockedValue {
      if fits && $0.slabs.count < capacity { $0.slabs.append(slab) }
      if $0.indexes.count < capacity { $0.indexes.append(index) }
    }
  }
}
