// swift-tools-version: 6.3
import PackageDescription

/// libFuzzer brings its own driver; it is entered from `spillway_fuzz_main`, which SwiftPM makes `main`.
let sanitizers = "-sanitize=fuzzer,address"

let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "spillway", path: "..")],
  targets: [
    .executableTarget(
      name: "spillway-fuzz",
      dependencies: [
        .product(name: "NA62Formats", package: "spillway"),
        .product(name: "PacketCapture", package: "spillway"),
        .product(name: "EventBuilding", package: "spillway"),
        .product(name: "L0Trigger", package: "spillway"),
        .product(name: "L1Trigger", package: "spillway"),
        .product(name: "Detectors", package: "spillway"),
      ],
      swiftSettings: [
        .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .unsafeFlags([sanitizers, "-parse-as-library"]),
      ],
      linkerSettings: [.unsafeFlags([sanitizers, "-use-ld=lld"])])
  ]
)
