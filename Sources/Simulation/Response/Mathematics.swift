import Foundation

// Functions of the C library under names of their own, so that one file of the response imports it.

@inline(__always) func logarithm(_ x: Double) -> Double { log(x) }
@inline(__always) func exponentialFunction(_ x: Double) -> Double { exp(x) }
@inline(__always) func errorFunction(_ x: Double) -> Double { erf(x) }
@inline(__always) func sine(_ x: Double) -> Double { sin(x) }
@inline(__always) func cosine(_ x: Double) -> Double { cos(x) }
@inline(__always) func arcTangent(_ y: Double, _ x: Double) -> Double { atan2(y, x) }
@inline(__always) func arcCosine(_ x: Double) -> Double { acos(x) }
