public import Configuration
import NA62Formats

extension L0Menu {
  /// SHA-256, as 64 hexadecimal digits, of all that can change a trigger: the registers and switches, not the
  /// names of menu, lines and bits.
  public var hash: String { section(isCompiled: true).sha256 }

  /// The menu as it takes effect, every default written out; `l0` can be read back as that of a menu file.
  public func effective() -> ConfigValue {
    .map([
      .init("schema", .string(MenuFile.schema)),
      .init("name", .string(name)),
      .init("description", .string(description)),
      .init("l0_hash", .string(hash)),
      .init("l0", section),
    ])
  }

  /// The value of `l0`, every default written out.
  public var section: ConfigValue { section(isCompiled: false) }

  /// The menu as the text of a file, with a comment on top and without what is seldom changed and has its
  /// default.
  public func fileText(comment: [String]) -> String {
    let always = [
      "run", "reference_detector", "control_detector", "slot", "time_cuts", "delta_packet", "primitive_dt",
      "fixed_latency", "control", "masks",
    ]
    var defaults = L0Menu()
    defaults.bits = bits
    let plain = defaults.section
    var l0: [ConfigValue.Entry] = []
    if case .map(let entries) = section {
      l0 = entries.filter { entry in always.contains(entry.key) || plain[entry.key] != entry.value }
    }
    let value = ConfigValue.map([
      .init("schema", .string(MenuFile.schema)), .init("name", .string(name)),
      .init("description", .string(description)), .init("l0", .map(l0)),
    ])
    let lines = comment.map { line in
      "# " + String(line.map { $0.isNewline || $0.isASCII && $0 < " " ? "?" : $0 })
    }
    return lines.joined(separator: "\n") + "\n\n" + value.yaml()
  }

  /// `isCompiled`: conditions as registers, without run and names.
  private func section(isCompiled: Bool) -> ConfigValue {
    func condition(_ condition: L0Condition) -> [ConfigValue.Entry] {
      if !isCompiled, let text = condition.expression(bits: bits) {
        return [.init("condition", .string(text))]
      }
      return [
        .init("mask", L0RegisterForm.words(condition.mask)),
        .init("dontcare", L0RegisterForm.words(condition.dontcare)),
      ]
    }
    func lines(_ mask: Mask) -> ConfigValue {
      var entries: [ConfigValue.Entry] = [.init("number", .int(mask.number))]
      if !isCompiled { entries.append(.init("name", .string(mask.name))) }
      entries.append(.init("enabled", .bool(mask.isEnabled)))
      entries += condition(mask.condition)
      entries.append(.init("downscaling", mask.downscaling.effective))
      return .map(entries)
    }
    var entries: [ConfigValue.Entry] = isCompiled ? [] : [.init("run", .int(bits.run))]
    entries += [
      .init("reference_detector", .string(referenceDetector.name)),
      .init("control_detector", .string(controlDetector.name)),
      .init("slot", .string(L0Quantities.slot(bits: fineTimeBits))),
      .init("time_cuts", Self.each(timeCuts.map { .string("\($0) ticks/256") })),
      .init("delta_packet", .int(deltaPacket)),
      .init("primitive_dt", Self.ticks(primitiveDT)),
      .init("fixed_latency", Self.ticks(fixedLatency)),
      .init("end_of_burst", endOfBurst.map(Self.ticks) ?? .null),
      .init("offsets", Self.each(offsets.map { .int($0) })),
      .init("formats", Self.each(formats.map { .string($0.rawValue) })),
      .init("group_by", .string(grouping.rawValue)),
      .init("count_mode", .string(counting.rawValue)),
      .init("stale_count", .bool(usesStaleCount)),
      .init("downscaling_reset", .bool(resetsDownscaling)),
      .init("corrections", corrections.effective),
      .init("masks", .list(masks.sorted { $0.number < $1.number }.map(lines))),
      .init(
        "control",
        .map(
          [.init("enabled", .bool(control.isEnabled))] + condition(control.condition)
            + [.init("downscaling", control.downscaling.effective)])),
      .init("calibration_word", calibrationWord.map { .int(Int($0)) } ?? .null),
      .init("periodic", .list(periodics.map { .map($0.effective) })),
      .init(
        "random",
        random.map {
          .map($0.pulser.effective + [.init("seed", L0Quantities.effective(seed: $0.seed))])
        } ?? .null),
      .init(
        "dead_windows",
        .list(
          deadWindows.map {
            .map([.init("begin", Self.ticks($0.begin)), .init("end", Self.ticks($0.end))])
          })),
    ]
    return .map(entries)
  }

  /// The value for all detectors if they have one, and a mapping otherwise.
  private static func each(_ values: [ConfigValue]) -> ConfigValue {
    if let first = values.first, values.allSatisfy({ $0 == first }) { return first }
    return .map(zip(L0Detector.names, values).map { .init($0, $1) })
  }

  fileprivate static func ticks(_ count: UInt32) -> ConfigValue { .string("\(count) ticks") }
}

extension L0Menu.Periodic {
  /// The pulser in the words of a menu.
  fileprivate var effective: [ConfigValue.Entry] {
    [
      .init("period", .string("\(UInt64(period) * 8) ns")), .init("word", .int(Int(word))),
      .init("start", L0Menu.ticks(start)), .init("end", L0Menu.ticks(end)),
    ]
  }
}

extension L0Downscaling {
  /// The factor alone for a counter, with mode and seed for a hash.
  fileprivate var effective: ConfigValue {
    let factor: ConfigValue = denominator == 1 ? .int(Int(numerator)) : .string(text)
    guard mode == .hash else { return factor }
    return .map([
      .init("factor", factor), .init("mode", .string(mode.rawValue)),
      .init("seed", L0Quantities.effective(seed: seed)),
    ])
  }
}

extension ConfigValue {
  /// The value of a key of a mapping.
  fileprivate subscript(key: String) -> ConfigValue? {
    guard case .map(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }
}
