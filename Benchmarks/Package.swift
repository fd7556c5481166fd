// swift-tools-version: 6.3
import PackageDescription

let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "spillway", path: "..")],
  targets: [
    .systemLibrary(name: "CPcapBare", pkgConfig: "libpcap"),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "CPcapBare",
        .product(name: "CountingStatistics", package: "spillway"),
        .product(name: "RandomNumbers", package: "spillway"),
        .product(name: "PacketCapture", package: "spillway"),
        .product(name: "EventBuilding", package: "spillway"),
        .product(name: "L0Trigger", package: "spillway"),
        .product(name: "L1Trigger", package: "spillway"),
        .product(name: "TriggerPipeline", package: "spillway"),
        .product(name: "RateMonitoring", package: "spillway"),
        .product(name: "Detectors", package: "spillway"),
        .product(name: "Reconstruction", package: "spillway"),
        .product(name: "Simulation", package: "spillway"),
        .product(name: "NA62Formats", package: "spillway"),
        .product(name: "CountingStatistics", package: "spillway"),
      ],
      swiftSettings: [
        .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
      ]),
  ]
)
