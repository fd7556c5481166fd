@testable import AlertDelivery
import Alerting
import Foundation
import SpillwayTestSupport
import Testing

@Suite struct OutboxTests {
  private typealias S = DeliverySamples

  @Test func oneKeyIsOneMessageAndTheOrderStays() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
      #expect(try await outbox.enqueue(S.messages(0..<5)) == 5)
      // A run that is resumed says some of it again.
      #expect(try await outbox.enqueue(S.messages(3..<8)) == 3)
      let pending = try await outbox.pending(sink: "a", limit: 100)
      #expect(pending.map(\.key) == (0..<8).map { "rule/\($0)" })
      #expect(try await outbox.pending(sink: "a", limit: 2).count == 2)
      #expect(try await outbox.count() == 8)
      #expect(try await outbox.recent(limit: 2).map(\.key) == ["rule/7", "rule/6"])
      #expect(
        pending[0].body == AlertMessageEncoder.line(S.message(0))
          || pending[0].body.contains("\"key\":\"rule/0\""))
    }
  }

  @Test func theBooksOfEachSinkClose() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
      try await outbox.enqueue(S.messages(0..<6, sinks: ["a", "b"]) + S.messages(6..<8, sinks: []))
      let pending = try await outbox.pending(sink: "a", limit: 10)
      try await outbox.markDelivered(sink: "a", Array(pending[0..<3]))
      try await outbox.markRefused(sink: "a", [pending[3]], reason: "no")
      // What has left the queue does not come back.
      try await outbox.markRefused(sink: "a", [pending[0]], reason: "late")
      let books = try await outbox.books()
      #expect(books["a"] == SinkBooks(received: 6, delivered: 3, pending: 2, refused: 1))
      #expect(books["b"] == SinkBooks(received: 6, delivered: 0, pending: 6, refused: 0))
      #expect(books.values.allSatisfy { $0.closes })
      let states = try await outbox.deliveries(keys: ["rule/0", "rule/3", "rule/7", "none"])
      #expect(states["rule/0"] == DeliveryState(delivered: ["a"], pending: ["b"]))
      #expect(states["rule/3"] == DeliveryState(pending: ["b"], refused: ["a"]))
      #expect(states["rule/7"] == DeliveryState())
    }
  }

  /// After `kill -9` the files are as the last write to them left them: a copy of them at any moment.
  @Test func whatTheFilesHoldAtAnyMomentGoesOn() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
      var delivered = 0
      for round in 0..<10 {
        try await outbox.enqueue(S.messages(round * 3..<(round + 1) * 3))
        let head = try await outbox.pending(sink: "a", limit: 2)
        try await outbox.markDelivered(sink: "a", head)
        delivered += 2
        let copy = "\(directory)/\(round)"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for name in ["outbox.sqlite", "outbox.sqlite-wal"] {
          try FileManager.default.copyItem(atPath: "\(directory)/\(name)", toPath: "\(copy)/\(name)")
        }
        let again = try Outbox(path: "\(copy)/outbox.sqlite")
        #expect(try await again.isSound())
        #expect(try await again.count() == UInt64((round + 1) * 3))
        #expect(try await again.pending(sink: "a", limit: 1).map(\.key) == ["rule/\(delivered)"])
        again.close()
      }
    }
  }

  @Test func whatIsNoOutboxIsSaid() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try Data("this is no database, and never was".utf8).write(
        to: URL(fileURLWithPath: "\(directory)/x.sqlite"))
      let error = #expect(throws: AlertDeliveryError.self) { try Outbox(path: "\(directory)/x.sqlite") }
      #expect(error?.description.contains("x.sqlite: file is not a database") == true)
      #expect(throws: AlertDeliveryError.self) { try Outbox(path: "\(directory)/none/x.sqlite") }
      #expect(throws: AlertDeliveryError.self) { try Outbox(reading: "\(directory)/none.sqlite") }
    }
  }

  @Test func aFullDiskIsSaidAndTheOutboxStaysSound() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      // A small disk of our own, which only root may have.
      let mount = try RealProcess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "none", directory])
      guard mount.status == 0 else { return print("skipped: no small disk can be mounted: \(mount.output)") }
      defer { _ = try? RealProcess.run(["/bin/umount", "-l", directory]) }
      let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
      let filler = String(repeating: "x", count: 20_000)
      var taken = 0
      var problem: AlertDeliveryError?
      while problem == nil, taken < 1000 {
        do {
          let batch = (taken..<taken + 4).map { S.message($0, text: filler) }
          try await outbox.enqueue(batch)
          taken += 4
        } catch { problem = error as? AlertDeliveryError }
      }
      #expect(problem?.description.contains("the disk is full; alerts cannot be kept") == true)
      #expect(taken > 0)
      #expect(try await outbox.count() == UInt64(taken))
      outbox.close()
      // With more room it goes on.
      _ = try RealProcess.run(["/bin/mount", "-o", "remount,size=8m", directory])
      let again = try Outbox(path: "\(directory)/outbox.sqlite")
      #expect(try await again.isSound())
      try await again.enqueue(S.messages(taken..<taken + 4))
      #expect(try await again.pending(sink: "a", limit: 1000).count == taken + 4)
      again.close()
    }
  }
}
