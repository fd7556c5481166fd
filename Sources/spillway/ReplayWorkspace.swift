import Configuration
import CountingStatistics
import Searches
import TriggerPipeline

extension ReplayReport {
  /// The counting experiments that may be seen as a HistFactory workspace, one channel each; nil where there is
  /// none. The strength of channels is in signal events.
  func workspace() throws -> ConfigValue? {
    let channels = try countingResults.map { result in
      try CountingChannel(
        name: result.experiment.name, observed: result.observed, signal: 1,
        background: result.experiment.expectedBackground)
    }
    return channels.isEmpty ? nil : HistFactoryWorkspace(channels: channels).value
  }
}
