/// Whether two numbers agree to a relative tolerance (absolute below 1e-300).
func isClose(_ a: Double, _ b: Double, relative: Double = 1e-12) -> Bool {
  if a == b { return true }
  return abs(a - b) <= relative * max(abs(a), abs(b), 1e-300)
}
