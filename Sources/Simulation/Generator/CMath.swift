#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The functions of the C library that the generators need, so that one file knows where they come from.
enum CMath {
  static func log(_ x: Double) -> Double { logarithm(x) }
  static func exp(_ x: Double) -> Double { exponential(x) }
  static func sin(_ x: Double) -> Double { sine(x) }
  static func cos(_ x: Double) -> Double { cosine(x) }
  static func pow(_ x: Double, _ y: Double) -> Double { power(x, y) }
  static func erfc(_ x: Double) -> Double { complementaryErrorFunction(x) }
}

private func logarithm(_ x: Double) -> Double { log(x) }
private func exponential(_ x: Double) -> Double { exp(x) }
private func sine(_ x: Double) -> Double { sin(x) }
private func cosine(_ x: Double) -> Double { cos(x) }
private func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
private func complementaryErrorFunction(_ x: Double) -> Double { erfc(x) }
