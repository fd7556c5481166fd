#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
public import Configuration
public import CountingStatistics

/// Counting experiments as a HistFactory workspace in JSON, as pyhf and cabinetry read it: one channel of one bin
/// for each experiment, and one signal strength for all.
///
/// The strength `mu` is what ``Channel/signalPerUnit`` is per unit of: events of signal, or a branching ratio.
/// The format: L. Heinrich, M. Feickert, G. Stark, K. Cranmer, JOSS 6 (2021) 2823; schema 1.0.0 of pyhf.
public struct HistFactoryWorkspace: Sendable {
  /// One counting experiment.
  public struct Channel: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// The observed count.
    public let observed: Int
    /// The expected background in events.
    public let background: UncertainQuantity
    /// Signal events expected at a strength of 1.
    public let signalPerUnit: Double
    /// What the signal is multiplied with: 1 with the relative uncertainty of efficiency and normalisation.
    public let efficiency: UncertainQuantity

    /// A channel.
    public init(
      name: String, observed: Int, background: UncertainQuantity, signalPerUnit: Double = 1,
      efficiency: UncertainQuantity = .one
    ) {
      self.name = name
      self.observed = observed
      self.background = background
      self.signalPerUnit = signalPerUnit
      self.efficiency = efficiency
    }
  }

  /// The channels.
  public let channels: [Channel]
  /// The largest strength that a fit may try.
  public let largestStrength: Double

  /// A workspace of channels with different names.
  ///
  /// The bound of the strength is ten times what the counts could be signal of.
  public init(channels: [Channel]) {
    self.channels = channels
    largestStrength = channels.reduce(0) { most, channel in
      max(most, 10 * (Double(channel.observed) + channel.background.value + 10) / channel.signalPerUnit)
    }
  }

  /// The workspace.
  public var value: ConfigValue {
    .map([
      .init("channels", .list(channels.map(Self.channel))),
      .init(
        "observations",
        .list(
          channels.map {
            .map([.init("name", .string($0.name)), .init("data", .list([.double(Double($0.observed))]))])
          })),
      .init(
        "measurements",
        .list([
          .map([
            .init("name", .string("counting")),
            .init(
              "config",
              .map([
                .init("poi", .string("mu")),
                .init(
                  "parameters",
                  .list([
                    .map([
                      .init("name", .string("mu")), .init("inits", .list([.double(largestStrength / 10)])),
                      .init("bounds", .list([.list([.double(0), .double(largestStrength)])])),
                    ])
                  ])),
              ])),
          ])
        ])),
      .init("version", .string("1.0.0")),
    ])
  }

  private static func channel(_ channel: Channel) -> ConfigValue {
    .map([
      .init("name", .string(channel.name)),
      .init(
        "samples",
        .list([
          sample(
            "signal", channel.signalPerUnit * channel.efficiency.value,
            [modifier("mu", "normfactor", .null)]
              + constraint("efficiency_\(channel.name)", channel.efficiency)),
          sample(
            "background", channel.background.value,
            constraint("background_\(channel.name)", channel.background)),
        ])),
    ])
  }

  private static func sample(_ name: String, _ events: Double, _ modifiers: [ConfigValue]) -> ConfigValue {
    .map([
      .init("name", .string(name)), .init("data", .list([.double(events)])),
      .init("modifiers", .list(modifiers)),
    ])
  }

  private static func modifier(_ name: String, _ type: String, _ data: ConfigValue) -> ConfigValue {
    .map([.init("name", .string(name)), .init("type", .string(type)), .init("data", data)])
  }

  /// The uncertainty in the terms of HistFactory: a Gaussian constraint for a Gaussian, `normsys` for a
  /// log-normal, and the Poisson constraint of an auxiliary count for the others.
  private static func constraint(_ name: String, _ quantity: UncertainQuantity) -> [ConfigValue] {
    switch quantity.shape {
    case .known:
      return []
    case .gaussian:
      return [modifier(name, "staterror", .list([.double(quantity.uncertainty)]))]
    case .logNormal:
      let factor = exp(quantity.uncertainty / quantity.value)
      return [
        modifier(name, "normsys", .map([.init("hi", .double(factor)), .init("lo", .double(1 / factor))]))
      ]
    case .gamma, .auxiliaryCount:
      return [modifier(name, "shapesys", .list([.double(quantity.uncertainty)]))]
    }
  }
}
