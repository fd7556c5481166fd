/// Something that one task waits for and others set; set before the wait, it is not lost.
actor WakeUp {
  private var isSet = false
  private var waiter: CheckedContinuation<Void, Never>?
  private var waits = 0

  /// Ends the wait, or the next one.
  func set() {
    isSet = true
    waiter?.resume()
    waiter = nil
  }

  /// Waits until it is set, the time is over, or the task is cancelled. One task at a time.
  func wait(atMost time: Duration? = nil, _ clock: DeliveryClock) async {
    waits += 1
    let mine = waits
    let timer = time.map { time in
      Task {
        await clock.sleep(time)
        self.expire(mine)
      }
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if isSet || Task.isCancelled { continuation.resume() } else { waiter = continuation }
      }
    } onCancel: {
      Task { await self.set() }
    }
    timer?.cancel()
    // A timer that comes late belongs to no wait.
    waits += 1
    isSet = false
  }

  private func expire(_ wait: Int) {
    if wait == waits { set() }
  }
}
