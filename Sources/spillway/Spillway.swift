import ArgumentParser

@main
struct Spillway: AsyncParsableCommand {
  func run() async throws {}
}
