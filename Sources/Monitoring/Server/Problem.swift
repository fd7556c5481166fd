import Hummingbird

/// An error as a client gets it (RFC 9457).
struct Problem: Encodable, Sendable {
  /// The standard phrase of the status.
  let title: String
  /// Status code.
  let status: Int
  /// What was wrong, and what to do.
  let detail: String
  /// Nothing but the status says what it is.
  let type = "about:blank"

  private enum CodingKeys: String, CodingKey {
    case title, status, detail, type
  }

  /// An answer with a problem.
  static func response(
    _ status: HTTPResponse.Status, _ detail: String, _ fields: HTTPFields = [:]
  ) -> Response {
    let problem = Problem(title: status.reasonPhrase, status: status.code, detail: detail)
    var headers = fields
    headers[.contentType] = "application/problem+json"
    headers[.cacheControl] = "no-store"
    let bytes = (try? DocumentEncoder.json(problem)) ?? []
    return Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
