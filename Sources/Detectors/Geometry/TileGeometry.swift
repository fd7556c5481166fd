/// Where the tiles of NewCHOD are: bricks, of which one to four make a tile (`detectors.md` section 6, C).
public enum NewCHODGeometry {
  /// z of the plane, mm.
  public static let z = 238_131.5
  private static let brick = (x: 134.0, y: 107.0)
  private static let ring = 140.0...1070.0
  /// Tiles by row (|y|) and column (|x|) of bricks, the same in every quadrant.
  static let bricks = [
    [1, 1, 2, 3, 4, 4, 5, 5],
    [6, 7, 8, 9, 10, 10, 11, 11],
    [12, 13, 14, 14, 15, 15, 16, 16],
    [17, 18, 19, 19, 20, 20, 21, 21],
    [22, 22, 23, 23, 24, 24, 25, 25],
    [26, 26, 27, 27, 28, 28, 29],
    [30, 30, 31, 31, 32, 32, 29],
    [33, 33, 34, 34, 35, 35],
    [36, 36, 37, 37, 35],
    [38, 38, 37, 37],
  ]

  /// 100 × quadrant + tile at a point, or `nil`: quadrants 1 to 4 from x, y > 0 with the clock.
  public static func tile(x: Double, y: Double) -> Int? {
    let square = x * x + y * y
    guard square >= ring.lowerBound * ring.lowerBound, square <= ring.upperBound * ring.upperBound else {
      return nil
    }
    let row = Int(abs(y) / brick.y)
    let column = Int(abs(x) / brick.x)
    guard row < bricks.count, column < bricks[row].count else { return nil }
    let quadrant = x > 0 ? (y > 0 ? 1 : 2) : (y > 0 ? 4 : 3)
    return 100 * quadrant + bricks[row][column]
  }

  /// Tile and photomultiplier of a channel map's value.
  public static func place(_ value: Int) -> (tile: Int, photomultiplier: Int) {
    value % 100 > 50 ? (value - 50, 1) : (value, 0)
  }

  /// What each tile covers, by 100 × quadrant + tile up to 438; `nil` where there is none. Of the one tile that is
  /// not a rectangle it is the rectangle around it.
  public static let boxes: [DetectorBox?] = {
    var boxes = [DetectorBox?](repeating: nil, count: 439)
    for (row, tiles) in bricks.enumerated() {
      for (column, tile) in tiles.enumerated() {
        for quadrant in 1...4 {
          let number = 100 * quadrant + tile
          let box = DetectorBox(
            x: (brick.x * Double(column), brick.x * Double(column + 1)),
            y: (brick.y * Double(row), brick.y * Double(row + 1)),
            signX: quadrant <= 2 ? 1 : -1, signY: quadrant == 1 || quadrant == 4 ? 1 : -1)
          boxes[number] = boxes[number]?.union(box) ?? box
        }
      }
    }
    return boxes
  }()
}

/// Where the tiles of MUV3 are (`detectors.md` section 7, C).
public enum MUV3Geometry {
  /// z of the plane, mm.
  public static let z = 246_800.0
  private static let pitch = 220.0
  private static let innerPitch = 440.0 / 3

  /// Tile at a point, or `nil`: 0 to 143 in rows of twelve, 144 to 151 around the hole.
  public static func tile(x: Double, y: Double) -> Int? {
    guard abs(x) < 1320, abs(y) < 1320, x * x + y * y > 103 * 103 else { return nil }
    if abs(x) < pitch, abs(y) < pitch {
      let column = Int(((x + pitch) / innerPitch).rounded(.down))
      let row = Int(((y + pitch) / innerPitch).rounded(.down))
      let number = 3 * row + column
      guard number != 4 else { return nil }
      return 144 + (number < 4 ? number : number - 1)
    }
    return 12 * Int((y + 1320) / pitch) + Int((x + 1320) / pitch)
  }

  /// Tile and photomultiplier of a channel map's value.
  public static func place(_ value: Int) -> (tile: Int, photomultiplier: Int) {
    value >= 200 ? (value - 200, 1) : (value, 0)
  }

  /// What each of the 152 tiles covers; `nil` for the four that do not exist.
  public static let boxes: [DetectorBox?] = (0..<152).map { tile in
    if tile >= 144 {
      let number = tile - 144 < 4 ? tile - 144 : tile - 143
      let low = SIMD2(
        innerPitch * Double(number % 3) - pitch, innerPitch * Double(number / 3) - pitch)
      return DetectorBox(low: low, high: low + innerPitch)
    }
    let (column, row) = (tile % 12, tile / 12)
    guard !((5...6).contains(column) && (5...6).contains(row)) else { return nil }
    let low = SIMD2(pitch * Double(column) - 1320, pitch * Double(row) - 1320)
    return DetectorBox(low: low, high: low + pitch)
  }
}
