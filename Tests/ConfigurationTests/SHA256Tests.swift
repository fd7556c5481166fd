import Configuration
import Testing

@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
        + "mnopqrstnopqrstu", "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func agreesWithThePublishedVectors(text: String, expected: String) {
    #expect(SHA256.hex(of: text) == expected)
  }

  @Test func hashesAMillionLetters() {
    var hash = SHA256()
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
    for _ in 0..<1000 { hash.update(piece) }
    #expect(hash.hexDigest() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func doesNotDependOnHowTheBytesAreSplit() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let whole = SHA256.hex(of: bytes)
    for cut in [0, 1, 55, 56, 63, 64, 65, 128, 299, 300] {
      var hash = SHA256()
      hash.update(Array(bytes[..<cut]))
      bytes[cut...].withUnsafeBytes { hash.update($0) }
      #expect(hash.hexDigest() == whole)
    }
  }

  @Test func canBeFedFurtherAfterADigest() {
    var hash = SHA256()
    hash.update("a")
    _ = hash.digest()
    hash.update("bc")
    #expect(hash.hexDigest() == SHA256.hex(of: "abc"))
  }
}
