/// The settings that changed with the runs, for menus that do not say them (`l0tp.md` 6.1).
struct L0RunDefaults {
  /// Bits of the fine time in a slot's address.
  let fineTimeBits: Int
  /// The time cut in 1/256 of a clock period.
  let timeCut: Int16

  /// The settings of a run: slots of 25, 12.5 and, from run 7874, 6.25 ns.
  init(run: Int) {
    fineTimeBits = run >= 7874 ? 2 : run >= 5950 ? 1 : 0
    timeCut = run >= 7874 ? 64 : 100
  }
}
