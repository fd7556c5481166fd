public import Configuration
public import Reconstruction
public import Selections

/// The selections of a run, and what their events are reconstructed with.
public struct SelectionSetup: Sendable {
  /// The selections.
  public let set: PhysicsSelectionSet
  /// What the reconstruction takes detectors, beam and dump to be; nil where no selection needs it.
  public let reconstruction: ReconstructionConfiguration?
  /// The text of the reconstruction's file; empty where no selection needs it.
  public let reconstructionText: String
  /// Hash of all that it says.
  public let hash: String
  /// The selections that look at reconstructed events, and those that L0 and L1 say enough for.
  let reconstructed: [Int]
  let immediate: [Int]

  /// A setup; throws where a file cannot be read, and where a selection that needs reconstruction takes events
  /// that L1 does not keep.
  ///
  /// - Parameters:
  ///   - set: The selections.
  ///   - path: The file of the reconstruction, which is read where it is needed.
  public init(set: PhysicsSelectionSet, reconstruction path: String) throws(ConfigurationError) {
    try self.init(
      set: set, text: { () throws(ConfigurationError) in try ConfigurationFile.text(path: path) }, path: path)
  }

  /// The setup that gave ``reconstructionText``; throws as with the file.
  public init(set: PhysicsSelectionSet, reconstructionText text: String) throws(ConfigurationError) {
    try self.init(set: set, text: { text }, path: "the reconstruction of the run")
  }

  private init(
    set: PhysicsSelectionSet, text: () throws(ConfigurationError) -> String, path: String
  ) throws(ConfigurationError) {
    self.set = set
    let needs = set.selections.map(\.needsReconstruction)
    reconstructed = needs.indices.filter { needs[$0] }
    immediate = needs.indices.filter { !needs[$0] }
    for index in reconstructed where !set.selections[index].requiresKept {
      throw ConfigurationError(
        file: "selection '\(set.selections[index].name)'",
        problem: "takes events that L1 does not keep, and those are not reconstructed",
        advice: "write 'kept: true' under its trigger")
    }
    guard !reconstructed.isEmpty else {
      reconstruction = nil
      reconstructionText = ""
      hash = set.hash
      return
    }
    reconstructionText = try text()
    reconstruction = try ReconstructionConfiguration(
      node: YAMLNode.parse(text: reconstructionText, file: path))
    hash = SHA256.hex(of: "\(set.hash) \(SHA256.hex(of: reconstructionText))")
  }
}
