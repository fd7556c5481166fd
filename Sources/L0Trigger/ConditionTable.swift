/// Which masks of which menus the primitive words fulfil: for each menu, bit m for mask m, bit 16 for the
/// control condition.
///
/// Menus that are compared share most of their conditions, and the words of most entries have been seen
/// before; so each different condition is evaluated once, for words that are new, and the answers are kept
/// in a table that is found by the bits that any condition looks at.
struct ConditionTable: ~Copyable {
  /// Bit of the control condition in a pattern.
  static let controlBit: UInt32 = 1 << 16
  private static let sizeBits = 10
  private static let size = 1 << sizeBits

  // A pointer stands first: with another first property, Swift 6.3.1 crashes under the thread sanitizer where
  // memory behind a pointer property changes.
  /// The words of each place; compared as two numbers, which is one instruction each.
  private let keys: UnsafeMutablePointer<SIMD2<UInt64>>
  /// Bits on which some condition depends.
  let care: L0Words
  private let conditions: [L0Condition]
  /// For each condition, the menus and bits that have it.
  private let users: [[(menu: Int, bit: UInt32)]]
  private let menus: Int
  private let patterns: UnsafeMutablePointer<UInt32>

  init(menus: [L0Menu]) {
    var places: [L0Condition: Int] = [:]
    var conditions: [L0Condition] = []
    var users: [[(menu: Int, bit: UInt32)]] = []
    func add(_ condition: L0Condition, _ menu: Int, _ bit: UInt32) {
      guard !condition.isImpossible else { return }
      if let place = places[condition] {
        users[place].append((menu, bit))
      } else {
        places[condition] = conditions.count
        conditions.append(condition)
        users.append([(menu, bit)])
      }
    }
    for (index, menu) in menus.enumerated() {
      for mask in menu.masks where mask.isEnabled { add(mask.condition, index, 1 << UInt32(mask.number)) }
      if menu.control.isEnabled { add(menu.control.condition, index, Self.controlBit) }
    }
    care = conditions.reduce(L0Words(repeating: 0)) { $0 | $1.care }
    self.conditions = conditions
    self.users = users
    self.menus = menus.count
    keys = .allocate(capacity: Self.size)
    // No words have all ones in the eighth lane, so this marks a place as empty.
    keys.initialize(repeating: SIMD2(repeating: .max), count: Self.size)
    patterns = .allocate(capacity: Self.size * (menus.count + 1))
    patterns.initialize(repeating: 0, count: Self.size * (menus.count + 1))
  }

  deinit {
    keys.deallocate()
    patterns.deallocate()
  }

  /// The patterns for the given words, of which only the bits in `care` are set: first the union over the
  /// menus, then one for each menu.
  @inline(__always)
  func lookUp(_ halves: SIMD2<UInt64>) -> UnsafePointer<UInt32> {
    let mixed = (halves.x &* 0x9E37_79B9_7F4A_7C15) ^ (halves.y &* 0xC2B2_AE3D_27D4_EB4F)
    let place = Int(
      truncatingIfNeeded: ((mixed ^ (mixed &>> 29)) &* 0x9E37_79B9_7F4A_7C15)
        &>> UInt64(64 - Self.sizeBits))
    let pattern = patterns + place &* (menus &+ 1)
    let known = keys[place]
    if known.x != halves.x || known.y != halves.y {
      keys[place] = halves
      evaluate(unsafeBitCast(halves, to: L0Words.self), pattern)
    }
    return UnsafePointer(pattern)
  }

  @inline(never)
  private func evaluate(_ key: L0Words, _ pattern: UnsafeMutablePointer<UInt32>) {
    for i in 0...menus { pattern[i] = 0 }
    for (condition, users) in zip(conditions, users) where condition.matches(key) {
      for user in users {
        pattern[user.menu + 1] |= user.bit
        pattern[0] |= user.bit
      }
    }
  }
}
