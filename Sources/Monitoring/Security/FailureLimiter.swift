import NIOConcurrencyHelpers

/// Holds back those who try tokens: each address has some wrong ones, and gets one back at a time. A table of
/// fixed size; when it is full, the address that has been quiet longest is forgotten.
final class FailureLimiter: Sendable {
  private struct Bucket: Sendable {
    var failures: Double
    var last: ContinuousClock.Instant
  }

  /// Addresses kept.
  static let capacity = 1024

  private let allowed: Int
  private let recovery: Duration
  private let buckets = NIOLockedValueBox<[String: Bucket]>([:])

  /// Wrong tokens that an address has, and the time after which it has one more.
  init(allowed: Int, recovery: Duration) {
    self.allowed = allowed
    self.recovery = recovery
  }

  /// How long an address has to wait before its next try; nil if it can try now.
  func wait(of address: String, at now: ContinuousClock.Instant = .now) -> Duration? {
    let failures = buckets.withLockedValue { buckets in
      buckets[address].map { self.failures(of: $0, at: now) } ?? 0
    }
    let excess = failures - Double(allowed) + 1
    return excess > 0 ? recovery * excess : nil
  }

  /// Notes a wrong token.
  func fail(_ address: String, at now: ContinuousClock.Instant = .now) {
    buckets.withLockedValue { buckets in
      let failures = buckets[address].map { self.failures(of: $0, at: now) } ?? 0
      if buckets[address] == nil, buckets.count >= Self.capacity,
        let quiet = buckets.min(by: { $0.value.last < $1.value.last })
      {
        buckets.removeValue(forKey: quiet.key)
      }
      buckets[address] = Bucket(failures: min(failures + 1, Double(allowed)), last: now)
    }
  }

  private func failures(of bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
    max(0, bucket.failures - (now - bucket.last) / recovery)
  }
}
