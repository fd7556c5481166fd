import Foundation

/// The functions of the C library that the simulation needs, so that one file of it imports them.
enum CMath {
  @inline(__always) static func log(_ x: Double) -> Double { Foundation.log(x) }
  @inline(__always) static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  @inline(__always) static func sin(_ x: Double) -> Double { Foundation.sin(x) }
  @inline(__always) static func cos(_ x: Double) -> Double { Foundation.cos(x) }
  @inline(__always) static func pow(_ x: Double, _ y: Double) -> Double { Foundation.pow(x, y) }
  @inline(__always) static func acos(_ x: Double) -> Double { Foundation.acos(x) }
  @inline(__always) static func atan2(_ y: Double, _ x: Double) -> Double { Foundation.atan2(y, x) }
  @inline(__always) static func erf(_ x: Double) -> Double { Foundation.erf(x) }
  @inline(__always) static func erfc(_ x: Double) -> Double { Foundation.erfc(x) }
}
