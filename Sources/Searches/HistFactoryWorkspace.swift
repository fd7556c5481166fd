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
/// The strength `mu` is that of the channels: events of signal, or a branching ratio.
/// The format: L. Heinrich, M. Feickert, G. Stark, K. Cranmer, JOSS 6 (2021) 2823; schema 1.0.0 of pyhf.
public struct HistFactoryWorkspace: Sendable {
  /// The channels.
  public let channels: [CountingChannel]
  /// The largest strength that a fit may try.
  public let largestStrength: Double

  /// A workspace of channels with different names.
  ///
  /// The bound of the strength is ten times what the counts could be signal of.
  public init(channels: [CountingChannel]) {
    self.channels = channels
    largestStrength = channels.reduce(0) { most, channel in
      max(most, 10 * (Double(channel.observed) + channel.background.value + 10) / channel.signal)
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

  private static func channel(_ channel: CountingChannel) -> ConfigValue {
    .map([
      .init("name", .string(channel.name)),
      .init(
        "samples",
        .list([
          sample(
            "signal", channel.signal * channel.efficiency.value,
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
