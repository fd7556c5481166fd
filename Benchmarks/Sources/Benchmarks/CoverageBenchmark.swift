import CountingStatistics

/// The coverage of every interval method, exactly, as the tables of `Docs/Coverage.md`.
///
///     swift run -c release --package-path Benchmarks Benchmarks coverage
struct CoverageBenchmark {
  private let level = 0.9
  private let backgrounds = [0, 0.5, 1, 3, 7]
  private let signals = (0...120).map { Double($0) * 0.1 }

  private typealias Ends = (lower: Double, upper: Double)

  func run() throws {
    print("## Known background\n")
    try table(ratio: nil, backgrounds: backgrounds, methods: Self.known(level))
    for ratio in [1.0, 5.0] {
      print("\n## Background from an auxiliary count, τ = \(Int(ratio))\n")
      try table(ratio: ratio, backgrounds: [0.5, 2, 5], methods: Self.measured(level, ratio))
    }
  }

  /// A method with a known background: what it promises, and its interval for n events over b.
  private struct Method {
    var name: String
    var promises: Bool
    /// Makes the interval of (n, m), for a background where it is known.
    var interval: (_ background: Double) throws -> (_ n: Int, _ m: Int) throws -> Ends
  }

  private func table(ratio: Double?, backgrounds: [Double], methods: [Method]) throws {
    print("| method | at least nominal | " + backgrounds.map { "b = \($0)" }.joined(separator: " | ") + " |")
    print("|---|---|" + String(repeating: "---|", count: backgrounds.count))
    for method in methods {
      var cells: [String] = []
      var shared: CoverageStudy?
      for background in backgrounds {
        // With a measured background the intervals know nothing of the true one, and serve all.
        let greatest = ratio == nil ? background : backgrounds.max() ?? background
        let study =
          try shared
          ?? CoverageStudy(
            signalsUpTo: signals.last ?? 0, backgroundsUpTo: greatest, auxiliaryRatio: ratio,
            interval: method.interval(background))
        if ratio != nil { shared = study }
        let values = try signals.map { try study.coverage(signal: $0, background: background) }
        let least = values.min() ?? 0
        let mean = values.reduce(0, +) / Double(values.count)
        if method.promises, least < level - 1e-6 {
          throw Shortfall(method: method.name, background: background, coverage: least)
        }
        cells.append("\(percent(least)) (\(percent(mean)))")
      }
      let row = cells.joined(separator: " | ")
      print("| \(method.name) | \(method.promises ? "yes" : "no") | \(row) |")
    }
  }

  /// A method covers less often than it promises.
  private struct Shortfall: Error, CustomStringConvertible {
    var method: String
    var background: Double
    var coverage: Double

    var description: String {
      "\(method) covers \(coverage) at background \(background), less than it promises"
    }
  }

  private func percent(_ value: Double) -> String {
    let tenths = Int((value * 1000).rounded(.down))
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func belt(
    _ background: UncertainQuantity, _ level: Double,
    _ treatment: FeldmanCousinsBelt.Treatment = .marginalised,
    _ ends: FeldmanCousinsBelt.Ends = .outermost
  ) throws -> (Int) throws -> Ends {
    var belt = try FeldmanCousinsBelt(
      background: background, confidenceLevel: level, treatment: treatment, ends: ends)
    return { n in
      let interval = try belt.interval(observed: n)
      return (interval.lower, interval.upper)
    }
  }

  private static func known(_ level: Double) -> [Method] {
    var methods = [
      Method(name: "Garwood, less b", promises: true) { b in
        { n, _ in
          let interval = try GarwoodInterval.of(count: n, confidenceLevel: level)
          return (interval.lower - b, interval.upper - b)
        }
      },
      Method(name: "CLs (Bayes, flat prior)", promises: true) { b in
        { n, _ in (0, try PoissonCLs.upperLimit(observed: n, background: b, confidenceLevel: level).upper) }
      },
    ]
    for (name, ends, promises) in [
      ("Feldman-Cousins", FeldmanCousinsBelt.Ends.outermost, true),
      ("Feldman-Cousins, connected part", .connected, false),
      ("Feldman-Cousins, monotonic", .monotonic, true),
    ] {
      methods.append(
        Method(name: name, promises: promises) { b in
          let interval = try belt(UncertainQuantity(b), level, .marginalised, ends)
          return { n, _ in try interval(n) }
        })
    }
    for isBounded in [true, false] {
      methods.append(
        Method(name: "Rolke, \(isBounded ? "bounded" : "unbounded")", promises: false) { b in
          let method = try RolkeInterval(
            background: .known(b), efficiency: .known(1), confidenceLevel: level, isBounded: isBounded)
          return { n, _ in
            let interval = try method.interval(observed: n)
            return (interval.lower, interval.upper)
          }
        })
    }
    methods.append(
      Method(name: "Bayes, Jeffreys prior, upper limit", promises: false) { b in
        let background = try UncertainQuantity(b)
        return { n, _ in
          let posterior = try SignalPosterior(observed: n, background: background, prior: .jeffreys)
          return (0, try posterior.upperLimit(confidenceLevel: level).upper)
        }
      })
    return methods
  }

  private static func measured(_ level: Double, _ ratio: Double) -> [Method] {
    func quantity(_ m: Int) throws -> UncertainQuantity {
      try UncertainQuantity(auxiliaryCount: m, ratio: ratio)
    }
    var methods = [
      Method(name: "CLs, marginalised (Bayes, flat prior)", promises: false) { _ in
        var engines: [Int: MarginalCLs] = [:]
        return { n, m in
          var engine = try engines[m] ?? MarginalCLs(background: quantity(m), confidenceLevel: level)
          defer { engines[m] = engine }
          return (0, try engine.upperLimit(observed: n).upper)
        }
      },
      Method(name: "Bayes, Jeffreys prior, upper limit", promises: false) { _ in
        { n, m in
          let posterior = try SignalPosterior(observed: n, background: quantity(m), prior: .jeffreys)
          return (0, try posterior.upperLimit(confidenceLevel: level).upper)
        }
      },
      Method(name: "Profile likelihood", promises: false) { _ in
        { n, m in
          let interval = try ProfileLikelihoodInterval.of(
            observed: n, background: quantity(m), confidenceLevel: level)
          return (interval.lower, interval.upper)
        }
      },
    ]
    for (name, treatment) in [
      ("Feldman-Cousins, marginalised", FeldmanCousinsBelt.Treatment.marginalised),
      ("Feldman-Cousins, profile construction", .profiled),
    ] {
      methods.append(
        Method(name: name, promises: false) { _ in
          var belts: [Int: (Int) throws -> Ends] = [:]
          return { n, m in
            if let interval = belts[m] { return try interval(n) }
            let interval = try belt(quantity(m), level, treatment)
            belts[m] = interval
            return try interval(n)
          }
        })
    }
    for isBounded in [true, false] {
      methods.append(
        Method(name: "Rolke, \(isBounded ? "bounded" : "unbounded")", promises: false) { _ in
          { n, m in
            let method = try RolkeInterval(
              background: .counted(m, ratio: ratio), efficiency: .known(1), confidenceLevel: level,
              isBounded: isBounded)
            let interval = try method.interval(observed: n)
            return (interval.lower, interval.upper)
          }
        })
    }
    return methods
  }
}
