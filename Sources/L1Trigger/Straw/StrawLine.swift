/// A straight line in single precision, as the STRAW algorithm has it (`l1.md` 5.9.10): every operation
/// is rounded, and sums run x, y, z.
struct StrawLine: BitwiseCopyable {
  var qx: Float
  var qy: Float
  var qz: Float = 0
  var mx: Float
  var my: Float
  var mz: Float = 1

  /// The beam line.
  @inline(__always) static var beam: StrawLine { StrawLine(qx: 114, qy: 0, mx: 0.0012, my: 0) }

  /// Closest distance of approach to another line, and the point midway; z of it is absolute.
  @inline(__always)
  func approach(to other: StrawLine) -> (cda: Float, x: Float, y: Float, z: Float) {
    let rx = qx - other.qx
    let ry = qy - other.qy
    let rz = qz - other.qz
    let aa = mx * mx + my * my + mz * mz
    let bb = other.mx * other.mx + other.my * other.my + other.mz * other.mz
    let cc = mx * other.mx + my * other.my + mz * other.mz
    let dd = rx * mx + ry * my + rz * mz
    let ee = rx * other.mx + ry * other.my + rz * other.mz
    let det = cc * cc - aa * bb
    let t1 = (bb * dd - cc * ee) / det
    let t2 = (cc * dd - aa * ee) / det
    let px = qx + t1 * mx
    let py = qy + t1 * my
    let pz = qz + t1 * mz
    let sx = other.qx + t2 * other.mx
    let sy = other.qy + t2 * other.my
    let sz = other.qz + t2 * other.mz
    let dx = px - sx
    let dy = py - sy
    let dz = pz - sz
    return (
      (dx * dx + dy * dy + dz * dz).squareRoot(), (px + sx) / 2, (py + sy) / 2,
      StrawGeometry.magnet + (pz + sz) / 2
    )
  }

  /// Distance of a point, with absolute z, from the line.
  func distance(x: Float, y: Float, z: Float) -> Float {
    let bx = (mx + qx) - qx
    let by = (my + qy) - qy
    let bz = (mz + qz) - qz
    let ax = x - qx
    let ay = y - qy
    let az = (z - StrawGeometry.magnet) - qz
    let e = (ax * bx + ay * by + az * bz) / (bx * bx + by * by + bz * bz)
    let cx = ax - e * bx
    let cy = ay - e * by
    let cz = az - e * bz
    return (cx * cx + cy * cy + cz * cz).squareRoot()
  }
}
