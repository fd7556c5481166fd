/// Solves symmetric positive definite systems of nine equations, in memory of its own: H = L D Lᵀ.
struct SymmetricSolver: ~Copyable {
  static let size = 9
  /// The matrix, row by row; the lower half counts. After `factor`, L below the diagonal.
  let matrix: UnsafeMutablePointer<Double>
  /// The right side; after `solve` the solution.
  let vector: UnsafeMutablePointer<Double>
  /// After `invert` the inverse, both halves.
  let inverse: UnsafeMutablePointer<Double>
  private let diagonal: UnsafeMutablePointer<Double>
  private let reciprocal: UnsafeMutablePointer<Double>

  init() {
    matrix = .allocate(capacity: Self.size * Self.size)
    inverse = .allocate(capacity: Self.size * Self.size)
    vector = .allocate(capacity: Self.size)
    diagonal = .allocate(capacity: Self.size)
    reciprocal = .allocate(capacity: Self.size)
    matrix.initialize(repeating: 0, count: Self.size * Self.size)
    inverse.initialize(repeating: 0, count: Self.size * Self.size)
    vector.initialize(repeating: 0, count: Self.size)
    diagonal.initialize(repeating: 0, count: Self.size)
    reciprocal.initialize(repeating: 0, count: Self.size)
  }

  deinit {
    matrix.deallocate()
    inverse.deallocate()
    vector.deallocate()
    diagonal.deallocate()
    reciprocal.deallocate()
  }

  mutating func reset() {
    matrix.update(repeating: 0, count: Self.size * Self.size)
    vector.update(repeating: 0, count: Self.size)
  }

  /// Factors the matrix; `false` if it is not positive definite.
  mutating func factor() -> Bool {
    let (m, d, r) = (matrix, diagonal, reciprocal)
    for j in 0..<Self.size {
      let row = m + Self.size * j
      var pivot = row[j]
      for k in 0..<j { pivot -= row[k] * row[k] * d[k] }
      // Not a number compares as false.
      guard pivot > 0 else { return false }
      d[j] = pivot
      r[j] = 1 / pivot
      for i in (j + 1)..<max(Self.size, j + 1) {
        let other = m + Self.size * i
        var value = other[j]
        for k in 0..<j { value -= other[k] * row[k] * d[k] }
        other[j] = value * r[j]
      }
    }
    return true
  }

  /// Solves for the vector.
  mutating func solve() {
    let (m, v, r) = (matrix, vector, reciprocal)
    for i in 0..<Self.size {
      var value = v[i]
      let row = m + Self.size * i
      for k in 0..<i { value -= row[k] * v[k] }
      v[i] = value
    }
    for i in 0..<Self.size { v[i] *= r[i] }
    for i in stride(from: Self.size - 1, through: 0, by: -1) {
      var value = v[i]
      for k in (i + 1)..<max(Self.size, i + 1) { value -= m[Self.size * k + i] * v[k] }
      v[i] = value
    }
  }

  /// Inverts the factored matrix, which is lost.
  mutating func invert() {
    let (m, r, out) = (matrix, reciprocal, inverse)
    // L⁻¹ in place of L: unit lower triangular.
    for j in 0..<Self.size {
      for i in (j + 1)..<max(Self.size, j + 1) {
        var value = m[Self.size * i + j]
        for k in (j + 1)..<max(i, j + 1) { value += m[Self.size * i + k] * m[Self.size * k + j] }
        m[Self.size * i + j] = -value
      }
    }
    for i in 0..<Self.size {
      for j in 0...i {
        var value = i == j ? r[i] : m[Self.size * i + j] * r[i]
        for k in (i + 1)..<max(Self.size, i + 1) {
          value += m[Self.size * k + i] * m[Self.size * k + j] * r[k]
        }
        out[Self.size * i + j] = value
        out[Self.size * j + i] = value
      }
    }
  }
}
