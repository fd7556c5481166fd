import Glibc

extension ByteSource {
  private typealias ReadFunction =
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<CChar>?, Int) -> Int
  private typealias CloseFunction = @convention(c) (UnsafeMutableRawPointer?) -> Int32

  /// A C stream that reads from this source and holds it until it is closed; nil if there is none.
  ///
  /// It is made by fopencookie(3), which Swift does not import from Glibc (it is hidden behind _GNU_SOURCE).
  /// So it is looked up by name, and its last parameter, a structure of four function pointers passed by
  /// value, is spelled as the platform's calling convention passes it: on x86-64 (System V) in the stack
  /// slots that follow the six register arguments, on arm64 (AAPCS64) by the address of a copy.
  func makeStream() -> UnsafeMutablePointer<FILE>? {
    guard let symbol = dlsym(nil, "fopencookie") else { return nil }
    let read: ReadFunction = { cookie, buffer, count in
      guard let cookie, let buffer, count > 0 else { return 0 }
      let source = Unmanaged<ByteSource>.fromOpaque(cookie).takeUnretainedValue()
      return source.read(UnsafeMutableRawBufferPointer(start: buffer, count: count))
    }
    let close: CloseFunction = { cookie in
      if let cookie { Unmanaged<ByteSource>.fromOpaque(cookie).release() }
      return 0
    }
    let cookie = Unmanaged.passRetained(self)
    #if arch(x86_64)
      typealias Open =
        @convention(c) (
          UnsafeMutableRawPointer?, UnsafePointer<CChar>, Int, Int, Int, Int, ReadFunction?,
          UnsafeRawPointer?, UnsafeRawPointer?, CloseFunction?
        ) -> UnsafeMutablePointer<FILE>?
      let open = unsafeBitCast(symbol, to: Open.self)
      let stream = open(cookie.toOpaque(), "r", 0, 0, 0, 0, read, nil, nil, close)
    #elseif arch(arm64)
      typealias Open =
        @convention(c) (
          UnsafeMutableRawPointer?, UnsafePointer<CChar>, UnsafeRawPointer
        ) -> UnsafeMutablePointer<FILE>?
      let open = unsafeBitCast(symbol, to: Open.self)
      let functions: [UnsafeRawPointer?] = [
        unsafeBitCast(read, to: UnsafeRawPointer.self), nil, nil,
        unsafeBitCast(close, to: UnsafeRawPointer.self),
      ]
      let stream = functions.withUnsafeBytes { bytes in
        bytes.baseAddress.flatMap { open(cookie.toOpaque(), "r", $0) }
      }
    #else
      let stream: UnsafeMutablePointer<FILE>? = nil
    #endif
    guard let stream else {
      cookie.release()
      return nil
    }
    setvbuf(stream, nil, Int32(_IOFBF), 256 << 10)
    return stream
  }
}
