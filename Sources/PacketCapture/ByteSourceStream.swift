import CPcap
import Glibc

extension ByteSource {
  /// A C stream that reads from this source and holds it until it is closed; nil if there is none.
  func makeStream() -> UnsafeMutablePointer<FILE>? {
    let cookie = Unmanaged.passRetained(self)
    let functions = cookie_io_functions_t(
      read: { cookie, buffer, count in
        guard let cookie, let buffer, count > 0 else { return 0 }
        let source = Unmanaged<ByteSource>.fromOpaque(cookie).takeUnretainedValue()
        return source.read(UnsafeMutableRawBufferPointer(start: buffer, count: count))
      }, write: nil, seek: nil,
      close: { cookie in
        if let cookie { Unmanaged<ByteSource>.fromOpaque(cookie).release() }
        return 0
      })
    guard let stream = fopencookie(cookie.toOpaque(), "r", functions) else {
      cookie.release()
      return nil
    }
    return stream
  }
}
