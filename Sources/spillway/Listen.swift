import ArgumentParser
import EventBuilding
import NA62Formats
import PacketCapture
import TriggerPipeline

/// `spillway listen`.
struct Listen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run what an interface receives through the trigger.",
    discussion: """
      Captures UDP packets on a network interface and does with them what 'replay' does with recorded ones, with the \
      same results. Capturing needs root, or CAP_NET_RAW on the program:
        setcap cap_net_raw+ep $(command -v spillway)

      Examples:
        spillway listen --interface eth1 --menu Configs/menus/kaon-2018.yaml --out runs/live
        spillway listen --interface lo --filter 'udp and dst host 127.0.0.2' --duration 60
        spillway replay burst.pcap --send 127.0.0.2 --speed 1   (in another terminal)

      SIGINT (Ctrl-C) and SIGTERM stop: what was received by then is processed and the results are written; a second \
      one ends at once. Packets that the kernel drops because the work is behind are counted (lost-kernel-buffer).
      """)

  @Option(help: ArgumentHelp("The interface, or 'any' for all.", valueName: "name"))
  var interface: String

  @Option(help: "Take only packets that this BPF filter passes; it works in the kernel.")
  var filter: String?

  @Option(
    name: .customLong("buffer-mib"),
    help: "Size of the kernel's buffer, where packets wait for the work, in MiB.")
  var bufferMiB = LiveOptions().bufferMiB

  @Flag(help: "Capture packets for other hosts too.")
  var promiscuous = false

  @Option(help: "Stop after this many seconds.")
  var duration: Double?

  @Option(
    name: .customLong("stop-at"),
    help: ArgumentHelp(
      "What a stop waits for: 'burst', the end of the burst under way, or 'now'.", valueName: "burst|now"))
  var stopAt = "now"

  @OptionGroup var trigger: TriggerOptions

  func validate() throws {
    if !(1...2047).contains(bufferMiB) {
      throw ValidationError("--buffer-mib \(bufferMiB): expected 1 to 2047")
    }
    if let duration, !(duration > 0 && duration <= 1e9) {
      throw ValidationError("--duration \(duration): expected more than 0, at most 1000000000 s")
    }
    if stopAt != "burst", stopAt != "now" {
      throw ValidationError("--stop-at \(stopAt): expected burst or now")
    }
  }

  func run() async throws {
    var options = LiveOptions(filter: filter)
    options.bufferMiB = bufferMiB
    options.isPromiscuous = promiscuous
    let control: LiveControl
    do throws(CaptureError) { control = try LiveControl() } catch {
      throw Failure(message: "\(error)", code: 1)
    }
    let feed = PacketFeed(live: control, stopsAtBurstEnd: stopAt == "burst")
    let timer = duration.map { duration in
      Task {
        try await Task.sleep(for: .seconds(duration))
        feed.stop()
      }
    }
    defer { timer?.cancel() }
    var session = TriggerSession(
      options: trigger, input: LiveInput(interface: interface, options: options, control: control), feed: feed
    )
    session.live = control
    session.inputOptions = ["filter": filter]
    try await session.run()
  }
}

/// An interface as what a session takes its packets from.
struct LiveInput: SessionInput {
  let interface: String
  let options: LiveOptions
  let control: LiveControl

  let warnings: [CaptureWarning] = []
  let isBurstFiles = false
  let saysBursts = false
  var files: [(path: String, run: UInt32?, burst: UInt32?)] { [(description, nil, nil)] }
  var description: String { "interface \(interface)" + (options.filter.map { " (\($0))" } ?? "") }

  func open(
    layout: EventLayout?, run: UInt32?, widePrimitives: Set<SourceID>
  ) throws(CaptureError) -> any PacketSource {
    try LiveCapture(interface: interface, options: options, control: control)
  }
}
