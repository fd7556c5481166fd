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
  _ name: String, _ dependencies: [Target.Dependency], testing: [Target.Dependency] = []
) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, swiftSettings: strict),
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

let package = Package(
  name: "spillway",
  products: [
    .executable(name: "spillway", targets: ["spillway"]),
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
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(
      name: "SpillwayTestSupport", dependencies: ["NA62Formats", "PacketCapture"], path: "Tests/Support",
      swiftSettings: strict),
    .executableTarget(
      name: "spillway",
      dependencies: [
        "MenuStudies", "TriggerPipeline", "Configuration", "NA62Formats", "PacketCapture", "EventBuilding",
        "L0Trigger", "L1Trigger", "Detectors", "Reconstruction", "Selections", "Simulation", "Alerting",
        "CountingStatistics", "Searches", "RunStore", "Pages", argumentParser,
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
    + room("NA62Formats", [])
    + room("RandomNumbers", [])
    + room("CountingStatistics", ["RandomNumbers"])
    + room("Configuration", [yams, crypto])
    + room("Pages", [])
    + room("RunStore", ["Configuration", grdb, crypto])
    + room("Detectors", ["NA62Formats", "Configuration"])
    + room("PacketCapture", ["CPcap", "CZlib", "CZstd", "NA62Formats"])
    + room("EventBuilding", ["NA62Formats", "PacketCapture"])
    + room("L1Trigger", ["NA62Formats", "Configuration", "Detectors", "EventBuilding"])
    + room(
      "Reconstruction",
      ["NA62Formats", "Configuration", "Detectors", "EventBuilding", "L1Trigger"],
      testing: ["Simulation", "PacketCapture"])
    + room("L0Trigger", ["NA62Formats", "Configuration", "PacketCapture"])
    + room(
      "Selections",
      ["L1Trigger", "EventBuilding", "Configuration", "CountingStatistics", "NA62Formats"])
    + room("Alerting", ["NA62Formats"])
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
        "L1Trigger", "CountingStatistics", "Reconstruction", "Selections", "Simulation", "Alerting", "Pages",
      ])
    + room(
      "MenuStudies",
      [
        "NA62Formats", "PacketCapture", "Configuration", "CountingStatistics", "L0Trigger",
        "TriggerPipeline", "Pages",
      ])
)
