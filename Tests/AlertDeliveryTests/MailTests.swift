@testable import AlertDelivery
import Alerting
import Foundation
import SpillwayTestSupport
import Testing

@Suite struct MailTests {
  private typealias S = DeliverySamples

  private let hostile = "Ünïcode\r\nBcc: all@example.org\r\n\r\n.\r\nbody \u{202E}x"

  @Test func noContentMakesAHeader() {
    let mail = MailText.mail(
      S.stored(S.message(1, text: hostile)), from: "spillway@example.org",
      to: ["a@example.org", "b@example.org"])
    let head = mail.split(separator: "\n\n", maxSplits: 1)[0]
    let names = head.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
    #expect(
      names == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Spillway-Key", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
      ])
    #expect(!mail.contains("\r"))
    #expect(mail.utf8.allSatisfy { $0 < 0x80 })
    #expect(mail.split(separator: "\n").allSatisfy { $0.utf8.count <= 998 })
    #expect(head.split(separator: "\n").allSatisfy { $0.utf8.count <= 78 })
  }

  @Test func encodedWordsReadBackAsTheText() throws {
    let text = String(repeating: "Größe µ → 日本 ", count: 12)
    let header = MailText.header("Subject", text)
    var bytes = Data()
    for word in header.dropFirst("Subject: ".count).split(separator: "\n ") {
      #expect(word.hasPrefix("=?utf-8?B?") && word.hasSuffix("?=") && word.count <= 75)
      let part = try #require(Data(base64Encoded: String(word.dropFirst(10).dropLast(2))))
      // Each word is whole by itself.
      #expect(String(validating: part, as: UTF8.self) != nil)
      bytes += part
    }
    #expect(String(decoding: bytes, as: UTF8.self) == text)
    #expect(MailText.header("Subject", "plain text") == "Subject: plain text")
    #expect(MailText.header("Subject", "=?utf-8?B?eA==?=").hasPrefix("Subject: =?utf-8?B?PT9"))
  }

  @Test(arguments: [
    ("2018-06-01T12:00:00.000000001Z", "Fri, 01 Jun 2018 12:00:00 +0000"),
    ("1970-01-01T00:00:00.000000000Z", "Thu, 01 Jan 1970 00:00:00 +0000"),
    ("2024-02-29T23:59:59.5Z", "Thu, 29 Feb 2024 23:59:59 +0000"), ("", "Thu, 01 Jan 1970 00:00:00 +0000"),
  ])
  func datesAreThoseOfRFC5322(_ instant: String, _ expected: String) {
    #expect(MailText.date(instant) == expected)
  }

  @Test func jsonIsIndentedAndReadsBackAsTheSame() throws {
    let body = S.stored(S.message(1, text: "a \"{[,:\\\" text")).body
    let indented = MailText.indented(body)
    #expect(indented.contains("\n  \"rule\": \"rule\",\n"))
    let objects = try [body, indented].map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSDictionary
    }
    #expect(objects[0] == objects[1])
  }

  @Test func aProgramThatFailsIsTriedAgainOrRefuses() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      func outcome(_ script: String, timeout: Duration = .seconds(120)) async throws -> DeliveryOutcome {
        let path = "\(directory)/mta"
        try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let sink = SendmailDelivery(command: [path], from: "a@b.c", to: ["d@e.f"], timeout: timeout)
        return await sink.deliver([S.stored(S.message(1))])
      }
      let taken = try await outcome("cat > \(directory)/mail; echo \"$@\" > \(directory)/arguments")
      #expect(taken == .delivered)
      #expect(try String(contentsOfFile: "\(directory)/mail", encoding: .utf8).contains("To: d@e.f\n"))
      #expect(try String(contentsOfFile: "\(directory)/arguments", encoding: .utf8) == "-t -i -f a@b.c\n")
      #expect(
        try await outcome("echo later >&2; exit 75") == .failed("\(directory)/mta ended with 75: later "))
      #expect(try await outcome("exit 67") == .refused("\(directory)/mta ended with 67"))
      // One that does not read, and one that does not end.
      #expect(try await outcome("exit 0") == .delivered)
      #expect(
        try await outcome("exec sleep 60", timeout: .milliseconds(100))
          == .failed("\(directory)/mta took longer than \(Duration.milliseconds(100))"))
      let none = SendmailDelivery(command: ["\(directory)/none"], from: "a@b.c", to: ["d@e.f"])
      guard case .failed(let reason, _) = await none.deliver([S.stored(S.message(1))]) else {
        return #expect(Bool(false), "a program that is not there took a mail")
      }
      #expect(reason.contains("cannot be started"))
    }
  }

  @Test(
    .enabled(
      if: RealProcess.exists("msmtp") && RealProcess.exists("python3"),
      "msmtp is not there: Tools/install-dependencies brings it"))
  func mailArrivesThroughARealSendmail() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let mails = "\(directory)/mails"
      try FileManager.default.createDirectory(atPath: mails, withIntermediateDirectories: true)
      let server = try RealProcess(["python3", RepositoryPaths.path("Tools/alert-receivers/smtp.py"), mails])
      defer { server.stop() }
      let port = try #require(server.port())
      let settings = "\(directory)/msmtprc"
      try "account default\nhost 127.0.0.1\nport \(port)\ntls off\nauth off\n".write(
        toFile: settings, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: settings)
      let sink = SendmailDelivery(
        command: ["/usr/bin/msmtp", "-C", settings], from: "spillway@example.org", to: ["shift@example.org"])
      #expect(
        await sink.deliver([S.stored(S.message(1, text: "plain")), S.stored(S.message(2, text: hostile))])
          == .delivered)
      #expect(try FileManager.default.contentsOfDirectory(atPath: mails).sorted() == ["0.eml", "1.eml"])
      let plain = try String(contentsOfFile: "\(mails)/0.eml", encoding: .utf8)
      #expect(plain.contains("Subject: [spillway] warning: plain\r\n"))
      #expect(plain.contains("\r\n\r\nplain\r\n"))
      #expect(plain.contains("\"key\": \"rule/1\""))
      // The other, as Python's mail reader sees it.
      let read = try RealProcess.run([
        "python3", "-c",
        "import email, email.policy, sys\n"
          + "m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)\n"
          + "print(m['subject']); print(m['bcc'], m['to']); print(m.get_content().splitlines()[0])",
        "\(mails)/1.eml",
      ])
      #expect(
        read.output == """
          [spillway] warning: Ünïcode  Bcc: all@example.org    .  body  x
          None shift@example.org
          Ünïcode  Bcc: all@example.org    .  body  x

          """)
    }
  }
}
