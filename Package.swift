// swift-tools-version: 6.3
import PackageDescription

/// Every target is built in the Swift 6 language mode with strict concurrency, and a warning is an
/// error, so that neither can come back unseen.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A room of the house: a library target and its test target (see Docs/Architecture.md).
func room(
  _ name: String, _ dependencies: [Target.Dependency], testing: [Target.Dependency] = [],
  resources: [Resource]? = nil
) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict),
    .testTarget(
      name: "\(name)Tests",
      dependencies: [.target(name: name), "SpillwayTestSupport"] + dependencies + testing,
      swiftSettings: strict),
  ]
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let locks = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
// Its dependency swift-configuration has a module of the name of one of our rooms.
let httpClient = Target.Dependency.product(
  name: "AsyncHTTPClient", package: "async-http-client",
  moduleAliases: ["Configuration": "SwiftConfiguration"])
let tls = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nio = ["NIOCore", "NIOHTTP1", "NIOPosix"].map {
  Target.Dependency.product(name: $0, package: "swift-nio")
}
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
/// What Hummingbird hands over by its own types: channels, parts of messages, services, loggers.
let server: [Target.Dependency] = [
  hummingbird, hummingbirdTLS, locks,
  .product(name: "HummingbirdCore", package: "hummingbird"),
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
  .product(name: "HTTPTypes", package: "swift-http-types"),
  .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
  .product(name: "Logging", package: "swift-log"),
]
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")

/// Which rooms are built: `nil` all of them; for the sanitizers, which spares each of their builds minutes, those that
/// read bytes from outside (`bytes`), or those and the pipeline above them (`pipeline`), with the tests that are run;
/// with any other value all but those that need a web server, a web client or the command line.
let part = Context.environment["SPILLWAY_CORE"]
let isCore = part != nil
let bytes = ["NA62Formats", "Configuration", "PacketCapture", "EventBuilding", "L0Trigger", "L1Trigger"]
let pipeline = ["TriggerPipeline", "NA62Formats", "PacketCapture", "EventBuilding", "L1Trigger"]

/// The targets of the part: those whose tests are run, and what they need.
func wanted(_ targets: [Target]) -> [Target] {
  guard let rooms = part == "bytes" ? bytes : part == "pipeline" ? pipeline : nil else { return targets }
  var names = Set(rooms.map { "\($0)Tests" })
  var isGrowing = true
  while isGrowing {
    let needed = targets.filter { names.contains($0.name) }.flatMap(\.dependencies).compactMap { dependency in
      switch dependency {
      case .targetItem(let name, _), .byNameItem(let name, _): name
      default: nil
      }
    }
    isGrowing = !names.isSuperset(of: needed)
    names.formUnion(needed)
  }
  return targets.filter { names.contains($0.name) }
}

/// Programs that use the libraries, as the guides show them.
let examples: [Target] = [
  .executableTarget(
    name: "balanced-momentum",
    dependencies: [
      "TriggerPipeline", "Selections", "L1Trigger", "EventBuilding", "CountingStatistics", locks,
    ],
    path: "Examples/balanced-momentum", swiftSettings: strict)
]

/// The rooms that need a web server or a web client, and the program.
let network: [Target] =
  [
    .executableTarget(
      name: "spillway",
      dependencies: [
        "MenuStudies", "TriggerPipeline", "Configuration", "NA62Formats", "PacketCapture", "EventBuilding",
        "L0Trigger", "L1Trigger", "Detectors", "Reconstruction", "Selections", "Simulation", "Alerting",
        "CountingStatistics", "Searches", "RunStore", "Pages", "RateMonitoring", "AlertDelivery",
        "Monitoring", "Aggregation", "Campaigns", "CMalloc", argumentParser, locks,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "spillwayTests",
      dependencies: [
        "spillway", "Configuration", "NA62Formats", "PacketCapture", "EventBuilding", "L1Trigger",
        "SpillwayTestSupport",
      ],
      swiftSettings: strict),
  ]
  + room(
    "AlertDelivery",
    ["Alerting", "Configuration", "NA62Formats", grdb, httpClient, crypto, tls, locks] + nio)
  + room(
    "Monitoring", server + [metrics, crypto],
    testing: [.product(name: "NIOPosix", package: "swift-nio")],
    resources: [.embedInCode("Page"), .embedInCode("API")])

let package = Package(
  name: "spillway",
  products: part == "bytes" || part == "pipeline"
    ? []
    : [
      .library(name: "NA62Formats", targets: ["NA62Formats"]),
      .library(name: "CountingStatistics", targets: ["CountingStatistics"]),
      .library(name: "RandomNumbers", targets: ["RandomNumbers"]),
      .library(name: "Detectors", targets: ["Detectors"]),
      .library(name: "PacketCapture", targets: ["PacketCapture"]),
      .library(name: "EventBuilding", targets: ["EventBuilding"]),
      .library(name: "L1Trigger", targets: ["L1Trigger"]),
      .library(name: "L0Trigger", targets: ["L0Trigger"]),
      .library(name: "Reconstruction", targets: ["Reconstruction"]),
      .library(name: "Simulation", targets: ["Simulation"]),
      .library(name: "Searches", targets: ["Searches"]),
      .library(name: "TriggerPipeline", targets: ["TriggerPipeline"]),
      .library(name: "MenuStudies", targets: ["MenuStudies"]),
      .library(name: "RateMonitoring", targets: ["RateMonitoring"]),
      .library(name: "Campaigns", targets: ["Campaigns"]),
    ]
      + (isCore ? [] : [.executable(name: "spillway", targets: ["spillway"])]),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ]
    + (isCore
      ? []
      : [
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
      ]),
  targets: wanted(
    [
      .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
      .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
      .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
      // Without its pkg-config file, whose flags SwiftPM warns of; the module map links it.
      .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
      .systemLibrary(name: "CMalloc"),
      .target(
        name: "SpillwayTestSupport", dependencies: ["NA62Formats", "PacketCapture"], path: "Tests/Support",
        swiftSettings: strict),
    ]
      + (isCore ? [] : network + examples)
      + room("NA62Formats", [])
      + room("RandomNumbers", [])
      + room("CountingStatistics", ["RandomNumbers"])
      + room("Configuration", [yams, crypto])
      + room("Pages", [])
      + room("Campaigns", ["Configuration"])
      + room("RunStore", ["Configuration", grdb, crypto])
      + room("Detectors", ["NA62Formats", "Configuration"])
      + room("PacketCapture", ["CPcap", "CZlib", "CZstd", "NA62Formats", locks])
      + room("EventBuilding", ["NA62Formats", "PacketCapture", locks])
      + room("L1Trigger", ["NA62Formats", "Configuration", "Detectors", "EventBuilding"])
      + room(
        "Reconstruction",
        ["NA62Formats", "Configuration", "Detectors", "EventBuilding", "L1Trigger"],
        testing: ["Simulation", "PacketCapture"])
      + room("L0Trigger", ["NA62Formats", "Configuration", "PacketCapture"])
      + room(
        "Selections",
        ["L1Trigger", "EventBuilding", "Detectors", "Configuration", "CountingStatistics", "NA62Formats"])
      + room("Alerting", ["NA62Formats", "Configuration", locks])
      + room(
        "Simulation",
        [
          "NA62Formats", "Configuration", "Detectors", "PacketCapture", "EventBuilding", "L0Trigger",
          "L1Trigger", "RandomNumbers",
        ])
      + room(
        "Searches", ["CountingStatistics", "Configuration", "Selections", "Simulation", "Pages"])
      + room(
        "TriggerPipeline",
        [
          "NA62Formats", "PacketCapture", "Configuration", "Detectors", "EventBuilding", "L0Trigger",
          "L1Trigger", "CountingStatistics", "Reconstruction", "Selections", "Simulation", "Alerting",
          "Pages",
          locks,
        ])
      + room(
        "MenuStudies",
        [
          "NA62Formats", "PacketCapture", "Configuration", "CountingStatistics", "L0Trigger",
          "TriggerPipeline", "Pages",
        ])
      + room(
        "RateMonitoring",
        [
          "NA62Formats", "PacketCapture", "Configuration", "CountingStatistics", "Detectors", "EventBuilding",
          "L0Trigger", "L1Trigger", "Selections", "Alerting", "TriggerPipeline",
        ], testing: ["RandomNumbers", locks])
      + room(
        "Aggregation", ["CZeroMQ", "NA62Formats", "EventBuilding", "Alerting", "TriggerPipeline", locks],
        testing: ["L0Trigger", "L1Trigger", "PacketCapture", "Selections"]))
)
