import ArgumentParser
import PacketCapture
import TriggerPipeline

/// `spillway replay`.
struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Replay recorded streams through the trigger.",
    discussion: """
      Reads captures (pcap, pcapng, also .gz and .zst; '-' is standard input), directories and globs, in \
      data-time order, NA62 burst files, and raw primitive files (as rich_run08000_burst00012). With a menu that has lines of L0, emulates the L0 trigger processor \
      on the primitives; with one that has chains of L1, builds events and runs L1. Prints rates per mask, the \
      counting experiments and the books.

      Examples:
        spillway replay Replay/ordered-1000.pcap.gz --menu Configs/menus/golden-default.yaml
        spillway replay run8000/*.pcap.zst --menu my.yaml --selections my-search.yaml --out runs/8000
        spillway replay primitives.pcap.gz --menu Configs/menus/kaon-2018.yaml --l0-decisions l0.csv
        spillway replay burst.pcap --menu Configs/menus/kaon-2018.yaml --truth burst.truth.jsonl.zst
        spillway replay Replay/kaon-2018.pcap.gz --menu Configs/menus/kaon-2018.yaml --speed 0.1
        zcat burst.pcap.gz | spillway replay - --menu my.yaml --json
        spillway replay burst.pcap --loop forever --speed 1 --menu my.yaml
        spillway replay burst.pcap --send 192.168.1.20 --speed 1

      With a speed each packet waits until it is due: the start plus its data time since the first packet, \
      divided by the speed. Gaps of more than 600 s are not waited for. SIGINT (Ctrl-C) and SIGTERM stop at \
      any speed with results written, and "stopped" in run.json; a second one ends at once.

      With --loop the inputs come again from the start, as one stream: data time goes on, 7 s or more behind the last \
      packet, and each pass is in bursts of its own. With --send or --interface the packets go on the wire, with the \
      same speed and loops, so that 'spillway listen' can take them there, and nothing goes through the trigger.

      With --out the run takes a checkpoint after each burst. After a crash the same command with --resume goes on \
      from the last one, and ends with the results of a run that was never interrupted.
      """)

  @Argument(
    help: ArgumentHelp(
      "Captures, directories, globs, burst files, raw primitive files, or '-'.", valueName: "input"),
    transform: ShippedFile.find)
  var inputs: [String]

  @OptionGroup var trigger: TriggerOptions

  @Option(
    help: ArgumentHelp(
      "How fast: max, or data time for real time, 0.001 to 1000 (1: as recorded). The results are the same.",
      valueName: "max|factor"))
  var speed = "max"

  @Option(
    help: ArgumentHelp(
      "How often the inputs are read; the results are of all passes.", valueName: "n|forever"))
  var loop: String = "1"

  @Option(
    help: ArgumentHelp(
      "Send the recorded UDP payloads to this host, to the recorded ports or to one port.",
      valueName: "host[:port]"))
  var send: String?

  @Option(help: ArgumentHelp("Put the recorded Ethernet frames on this interface.", valueName: "name"))
  var interface: String?

  @Flag(help: "Go on with the interrupted run in --out, from its last checkpoint.")
  var resume = false

  @Option(help: "Take only packets that this BPF filter passes.")
  var filter: String?

  @Option(
    help: ArgumentHelp(
      "The truth of a simulated stream: adds efficiencies, purities and acceptances.", valueName: "file"),
    transform: ShippedFile.find)
  var truth: String?

  @Option(
    name: .customLong("truth-window"),
    help: "A decay belongs to a trigger that is nearer than this, in ns.")
  var truthWindow = 10.0

  func validate() throws {
    if speed != "max", finiteSpeed == nil {
      let range = "\(ReplayClock.speeds.lowerBound) to \(Int(ReplayClock.speeds.upperBound))"
      throw ValidationError("--speed \(speed): expected max, or a number from \(range)")
    }
    if loop != "forever", UInt32(loop).map({ $0 > 0 }) != true {
      throw ValidationError("--loop \(loop): expected a number from 1, or forever")
    }
    if loop != "1", inputs.contains("-") {
      throw ValidationError("--loop \(loop): standard input can be read only once; give a file")
    }
    if loop != "1", truth != nil {
      throw ValidationError("--loop \(loop): the truth is of one pass; leave --loop or --truth out")
    }
    if let option = send != nil ? "--send" : interface != nil ? "--interface" : nil {
      if send != nil, interface != nil { throw ValidationError("--send, --interface: give one of them") }
      if let other = trigger.results.first(where: \.isGiven)?.option ?? (truth == nil ? nil : "--truth") {
        throw ValidationError(
          "\(other): with \(option) nothing goes through the trigger; leave one of them out")
      }
    }
    if resume {
      guard trigger.out != nil else { throw ValidationError("--resume: needs --out, the run to go on with") }
      for (option, isGiven) in [
        ("--truth", truth != nil), ("--write-bursts", trigger.writeBursts != nil),
        ("--l0-packets", trigger.l0Packets != nil),
      ] where isGiven {
        throw ValidationError(
          "--resume: not with \(option), whose file cannot be continued; replay without --resume")
      }
    }
    if truth != nil, trigger.farm.node != nil {
      throw ValidationError("--truth: is of all events, not of those of a node; leave --truth or --node out")
    }
    if resume, trigger.farm.report != nil {
      throw ValidationError(
        "--report: a resumed run counts again what it has told before its crash; replay without --resume")
    }
    if !(truthWindow > 0 && truthWindow <= 1e6) {
      throw ValidationError("--truth-window \(truthWindow): expected more than 0, at most 1000000 ns")
    }
  }

  func run() async throws {
    let recorded: ReplayInput
    let destination: PacketSender.Destination?
    do throws(CaptureError) {
      recorded = try ReplayInput(arguments: inputs, filter: filter, takesFrames: interface != nil)
      destination =
        try send.map { text throws(CaptureError) in try .init(host: text) }
        ?? interface.map { .interface($0) }
    } catch { throw Failure.usage(error) }
    let input: any SessionInput = loop == "1" ? recorded : LoopedInput(input: recorded, count: UInt32(loop))
    let feed = PacketFeed(speed: finiteSpeed)
    if let destination {
      if interface != nil, recorded.saysBursts {
        throw Failure.usage("--interface: \(recorded) holds no frames; use --send")
      }
      return try await ReplaySending(
        input: input, destination: destination, feed: feed, tolerance: trigger.tolerance, isJSON: trigger.json
      ).run()
    }
    for (option, file) in trigger.outputs {
      if let file, let target = FileIdentity(path: file),
        inputs.contains(where: { FileIdentity(path: $0) == target })
      {
        throw Failure.usage("\(option) \(file): this is an input; name another file")
      }
    }
    var session = TriggerSession(
      options: trigger, input: input, feed: feed,
      truth: try ReplayTruth(path: truth, window: truthWindow))
    session.inputOptions = ["filter": filter, "truth": truth, "loop": loop == "1" ? nil : loop]
    session.resumes = resume
    try await session.run()
  }

  /// The speed, where packets have to wait until they are due.
  var finiteSpeed: Double? {
    guard let factor = Double(speed), ReplayClock.speeds.contains(factor) else { return nil }
    return factor
  }
}
