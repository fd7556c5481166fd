import CPcap
import Glibc
import NA62Formats

/// Captures the packets of a network interface through libpcap, one `PacketBatch` at a time. Synchronous: `next`
/// waits for packets, so it belongs on a thread of its own.
///
/// Packets wait in the kernel's buffer until they are taken. Where that is full, the kernel drops, and the drops are
/// counted in the books (`CaptureBooks.kernelDropped`): nothing grows here.
public final class LiveCapture {
  /// Name of the interface.
  public let interface: String
  /// The books of all batches so far.
  public var books: CaptureBooks { filler.books }

  private static let statisticsInterval: Int64 = 100_000_000
  /// How long a packet may be on its way from the interface to the kernel's buffer, in ns.
  private static let grace: Int64 = 50_000_000
  private let options: LiveOptions
  private let control: LiveControl
  private let handle: LiveHandle
  private let filler: BatchFiller
  private var held = HeldPacket()
  private var packetNumber: UInt32 = 0
  private var lastBatch: Int64
  private var lastStatistics: Int64
  private var lastPacket: Int64
  private var bytesAtStop: UInt64?
  private var trouble: CaptureWarning?
  /// Whether nothing more is taken from the interface.
  private var hasEnded = false
  private var isFinished = false

  /// Opens an interface; packets are kept from now on.
  ///
  /// - Parameters:
  ///   - interface: the name of the interface, or `any` for all.
  ///   - options: how to capture.
  ///   - control: its stop, and where its drops are told.
  /// - Throws: where there is no such interface, the user may not capture, the link layer is none that can be read,
  ///   or the filter is refused.
  public init(
    interface: String, options: LiveOptions = LiveOptions(), control: LiveControl
  ) throws(CaptureError) {
    self.interface = interface
    self.options = options
    self.control = control
    handle = try LiveHandle(interface: interface, options: options)
    filler = BatchFiller(options: options.reading)
    filler.intake.link = handle.link
    filler.intake.nanosecondsPerTick = handle.nanosecondsPerTick
    lastBatch = LiveControl.monotonic()
    lastStatistics = lastBatch
    lastPacket = lastBatch
  }

  /// What went wrong so far: packets that were lost, one line for each place, and the end of the interface.
  public var warnings: [CaptureWarning] {
    var warnings: [CaptureWarning] = []
    if books.kernelDropped > 0 {
      warnings.append(
        CaptureWarning(
          path: interface,
          message:
            "\(books.kernelDropped) packets were dropped by the kernel, whose buffer of \(options.bufferMiB) MiB "
            + "was full; make it larger, or the work less", isDataLoss: true))
    }
    if books.interfaceDropped > 0 {
      warnings.append(
        CaptureWarning(
          path: interface,
          message: "\(books.interfaceDropped) packets were dropped by the interface or its driver",
          isDataLoss: true))
    }
    if let trouble { warnings.append(trouble) }
    return warnings
  }

  /// The next batch: what has come, at once; all of a slab under load. Waits where nothing has come, and gives an
  /// empty batch where nothing comes for long. Nil at the end: when it was stopped and all that was received by then
  /// has been given out, or when the interface has gone.
  public func next() -> PacketBatch? {
    if isFinished { return nil }
    filler.begin()
    while filler.makeRoom(), !hasEnded {
      if control.waitsForBurst { stopIfBurstEnded() }
      let stopTime = control.stopTime
      filler.intake.limitTime = stopTime ?? .max
      let status = filler.run(handle.pcap, held: &held, packetNumber: &packetNumber)
      if status == PCAP_ERROR {
        filler.intake.books.cutInputs &+= 1
        end(CaptureWarning(path: interface, packet: packetNumber, message: handle.message, isDataLoss: true))
      } else if filler.intake.stopped {
        if let stopTime, filler.intake.refused, filler.intake.lastTime > stopTime {
          end(nil)
        } else if filler.intake.used > 0, !filler.intake.hasWaiting {
          break
        }
      } else if filler.intake.used > 0 {
        break
      } else if !wait(stopTime) {
        break
      }
      if stopTime != nil { checkStamps() }
    }
    isFinished = hasEnded && !filler.intake.hasWaiting
    let now = LiveControl.monotonic()
    if isFinished || now - lastStatistics >= Self.statisticsInterval { readStatistics(now) }
    lastBatch = now
    if filler.intake.used > 0 { lastPacket = now }
    return filler.finish(evenIfEmpty: !hasEnded)
  }

  /// Waits for packets, the stop, or the time at which an empty batch is due. Returns whether to go on.
  private func wait(_ stopTime: Int64?) -> Bool {
    let now = LiveControl.monotonic()
    var patience = Int64(max(1, options.idleMilliseconds)) - (now - lastBatch) / 1_000_000
    if let stopTime {
      let settled = stopTime &+ Int64(options.gatherMilliseconds) * 1_000_000 &+ Self.grace
      if LiveControl.now() > settled { end(nil) }
      patience = 2
    }
    if hasEnded { return true }
    guard patience > 0 else {
      // Nothing of before can still come, but for what is on its way.
      let passed = LiveControl.now() - Int64(options.gatherMilliseconds) * 1_000_000 - Self.grace
      filler.intake.newest = max(filler.intake.newest, passed)
      return false
    }
    handle.wait(milliseconds: Int32(clamping: patience), orReadable: stopTime == nil ? control.readEnd : nil)
    return true
  }

  /// Sets the time of the stop, where the capture waits for the end of a burst and it is known.
  private func stopIfBurstEnded() {
    if let end = filler.intake.bursts?.endOfBurst, let watch = options.reading.burstWatch {
      control.stop(at: end.nanoseconds &+ Int64(watch.burst.flushAfter * 1e9))
    } else if LiveControl.monotonic() - lastPacket > Int64(options.pauseMilliseconds) * 1_000_000 {
      control.stop()
    }
  }

  /// Ends a capture that has been stopped when it has taken more than the kernel's buffer can have held: then the
  /// stamps are not to be trusted.
  private func checkStamps() {
    let bytes = books.bytes &+ filler.intake.books.bytes
    guard let bytesAtStop else {
      bytesAtStop = bytes
      return
    }
    if bytes &- bytesAtStop > UInt64(clamping: options.bufferMiB) << 20 { end(nil) }
  }

  /// Ends the capture; fragments that wait are given up.
  private func end(_ warning: CaptureWarning?) {
    trouble = trouble ?? warning
    hasEnded = true
    held.forget()
    filler.intake.purge(.fragmentUnfinished)
  }

  private func readStatistics(_ now: Int64) {
    let (kernel, interface) = handle.newDrops()
    filler.intake.books.kernelDropped &+= UInt64(kernel)
    filler.intake.books.interfaceDropped &+= UInt64(interface)
    control.dropped(kernel: UInt64(kernel), interface: UInt64(interface))
    lastStatistics = now
  }
}
