import Foundation

/// Mail through the program of the machine that takes it: the message is delivered when that has taken it.
struct SendmailDelivery: DeliverySink {
  let command: [String]
  let from: String
  let to: [String]
  /// Longest time for the program.
  var timeout: Duration = .seconds(60)

  func deliver(_ messages: [OutboxMessage]) async -> DeliveryOutcome {
    for message in messages {
      // `-t`: receivers from the header; `-i`: a line of a single dot does not end the mail; `-f`: who gets what
      // cannot be delivered.
      let result = await SubProcess.run(
        command + ["-t", "-i", "-f", from], input: MailText.mail(message, from: from, to: to),
        timeout: timeout)
      let program = command.first ?? "sendmail"
      switch result {
      case .ended(0, _): continue
      case .ended(let code, let error):
        let text =
          "\(program) ended with \(code)\(error.isEmpty ? "" : ": \(OneLine.text(error, limit: 200))")"
        // sysexits.h: bad data, no such user, no such host; all else may be better later.
        return (65...68).contains(code) && code != 66 ? .refused(text) : .failed(text)
      case .notStarted(let reason): return .failed("\(program) cannot be started: \(reason)")
      case .tooLong: return .failed("\(program) took longer than \(timeout)")
      }
    }
    return .delivered
  }
}
