import HTTPTypes

/// What every answer tells the browser not to do.
enum SecurityHeaders {
  /// Pages take scripts, styles, pictures and data from here alone, none of them in line, and stand in no frame.
  static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  /// A picture of a candidate has its style in line, and nothing else.
  static let picturePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

  /// Adds the headers; those that are there stay.
  static func add(to fields: inout HTTPFields) {
    let all: [(String, String)] = [
      ("Content-Security-Policy", policy),
      ("X-Content-Type-Options", "nosniff"),
      ("X-Frame-Options", "DENY"),
      ("Referrer-Policy", "same-origin"),
      ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Cache-Control", "no-store"),
    ]
    for (name, value) in all {
      if let name = HTTPField.Name(name), fields[name] == nil { fields[name] = value }
    }
  }
}
