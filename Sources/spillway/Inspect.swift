import ArgumentParser
import Configuration
import EventBuilding
import L0Trigger
import L1Trigger
import NA62Formats
import PacketCapture
import TriggerPipeline

/// `spillway inspect`.
struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a packet or an event field by field.",
    discussion: """
      Examples:
        spillway inspect Replay/ordered-1000.pcap.gz --packet 3
        spillway inspect Replay/ordered-1000.pcap.gz --event 25 --json
        spillway inspect Replay/l0-2018.pcap.gz --packet 10
        spillway inspect rich_run08000_burst00012 --packet 1 --run 8000
        spillway inspect Replay/kaon-2018.pcap.gz --event 25 --display event.svg --menu Configs/menus/kaon-2018.yaml
        spillway inspect Replay/stress-100.pcap.gz --full --json | head -n 20
      Without --packet or --event, one line for each packet; with --full all its fields.
      """)

  @Argument(
    help: ArgumentHelp("A capture, a burst file, or a raw primitive file.", valueName: "input"),
    transform: ShippedFile.find)
  var input: String

  @Option(help: "Number of the packet, from 1.")
  var packet: UInt32?

  @Option(help: "Number of the event.")
  var event: UInt32?

  @Option(help: "Burst of the event (default: the first that has it); with --display.")
  var burst: UInt32?

  @Option(
    help: ArgumentHelp("Draw the event, reconstructed, to this file (SVG).", valueName: "file"))
  var display: String?

  @Option(help: "The trigger menu, for --display.", transform: ShippedFile.find)
  var menu = ShippedFile.find("Configs/menus/golden-default.yaml")

  @Option(
    help: "What the reconstruction takes detectors and beam to be, for --display.",
    transform: ShippedFile.find)
  var reconstruction = ShippedFile.find("Configs/reconstruction/na62-2018.yaml")

  @Option(
    help: ArgumentHelp(
      "A run directory: with --display, events that its blind selections seal are not shown.",
      valueName: "run"))
  var ledger: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Selections (YAML): with --display, events that blind ones would seal are not shown.", valueName: "file"
    ), transform: ShippedFile.find)
  var selections: [String] = []

  @Option(help: "UDP port of L0 data.")
  var port: UInt16 = 58913

  @Option(name: .customLong("run"), help: "Run whose names the bits of primitives have.")
  var runNumber = PrimitiveBits.latest.run

  @Flag(name: .customLong("wide-primitives"), help: "Primitives are in the 64-bit format.")
  var wide = false

  @Flag(help: "Show the fields of all packets, not a line for each.")
  var full = false

  @Flag(help: "Print as JSON.")
  var json = false

  func validate() throws {
    if full, packet != nil || event != nil {
      throw ValidationError("--full: shows all packets; leave it or --packet and --event out")
    }
    if !PrimitiveBits.runs.contains(runNumber) {
      throw ValidationError("--run \(runNumber): expected 0 to 999999")
    }
    if display != nil, event == nil { throw ValidationError("--display: expected --event as well") }
    if display == nil, burst != nil || ledger != nil || !selections.isEmpty {
      throw ValidationError("--burst, --ledger and --selections go with --display")
    }
    if packet != nil, event != nil { throw ValidationError("give --packet or --event, not both") }
  }

  func run() async throws {
    if let display, let event {
      let drawing = InspectDisplay(
        input: input, wanted: EventScene.Wanted(event: event, burst: burst), file: display, menu: menu,
        reconstruction: reconstruction, selections: selections, ledger: ledger)
      return try await drawing.run()
    }
    let found: Bool
    do throws(CaptureError) {
      let source = try ReplayInput(arguments: [input], filter: nil).open()
      let wasFound: Bool
      if let event {
        wasFound = try showEvent(event, source)
      } else {
        wasFound = try showPackets(source)
      }
      found = wasFound
    } catch { throw Failure.usage(error) }
    guard found else { throw Failure.usage("\(input): \(missing)") }
  }

  private var missing: String {
    if let packet { return "no UDP packet has the number \(packet)" }
    if let event { return "no fragment of event \(event) is in it" }
    return "no UDP packet is in it"
  }

  private func showPackets(_ source: any PacketSource) throws(CaptureError) -> Bool {
    var wasFound = false
    while let batch = try source.next() {
      let storage = batch.bytes
      let all = storage.span.bytes
      for datagram in batch.datagrams where packet == nil || datagram.packet.number == packet {
        wasFound = true
        let payload = all.extracting(
          datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength))
        var tree =
          switch datagram.destinationPort {
          case port: Dissector.l0MEP(payload)
          case MTP.port: Dissector.mtp(payload, format: wide ? .words64 : .words32, bitName: bitName)
          default: Dissector.l1Packet(payload)
          }
        if packet == nil, !full { tree.children = [] }
        let header = FieldNode(
          name: "packet \(datagram.packet.number)",
          value: "\(Self.address(datagram.sourceAddress)):\(datagram.sourcePort) > "
            + "\(Self.address(datagram.destinationAddress)):\(datagram.destinationPort) "
            + "t \(datagram.time.nanoseconds) ns",
          offset: 0, length: datagram.payloadLength, children: [tree])
        show(header)
      }
    }
    return wasFound
  }

  /// The field's name of a bit of primitives, or its number.
  private func bitName(_ source: SourceID, _ bit: Int) -> String? {
    L0Detector(source: source).map { PrimitiveBits(run: runNumber).name(of: .init($0, bit)) }
  }

  private func showEvent(_ number: UInt32, _ source: any PacketSource) throws(CaptureError) -> Bool {
    var children: [FieldNode] = []
    while let batch = try source.next() {
      let storage = batch.bytes
      let all = storage.span.bytes
      for datagram in batch.datagrams where datagram.destinationPort == port {
        let payload = all.extracting(
          datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength))
        guard let header = L0MEPHeader(payload), L0MEP.validate(payload, isConfigured: { _ in true }) == nil,
          number >= header.firstEvent, number - header.firstEvent < UInt32(header.eventCount)
        else { continue }
        L0MEP.forEachFragment(of: payload, header: header) { fragment in
          guard fragment.event == number else { return }
          let bytes = payload.extracting(
            fragment.payloadOffset..<(fragment.payloadOffset + fragment.payloadLength))
          let content =
            switch header.source {
            case .l0tp: Dissector.l0tp(bytes)
            case .straw: Dissector.srb(bytes)
            default: Dissector.tel62(bytes)
            }
          children.append(
            FieldNode(
              name: "\(header.source.name) \(header.source.hex) board \(header.subID)",
              value: "timestamp \(fragment.timestamp), packet \(datagram.packet.number)"
                + (fragment.isLastOfBurst ? ", last of burst" : ""),
              offset: 0, length: fragment.payloadLength, children: [content]))
        }
      }
    }
    guard !children.isEmpty else { return false }
    show(
      FieldNode(
        name: "event \(number)", value: "\(children.count) fragments", offset: 0, length: 0,
        children: children))
    return true
  }

  private static func address(_ value: UInt32) -> String {
    "\(value >> 24).\(value >> 16 & 0xFF).\(value >> 8 & 0xFF).\(value & 0xFF)"
  }

  private func show(_ node: FieldNode) {
    if json {
      Terminal.out(Self.value(node).json() + "\n")
    } else {
      Terminal.out(Self.text(node, 0))
    }
  }

  private static func text(_ node: FieldNode, _ depth: Int) -> String {
    let indent = String(repeating: "  ", count: depth)
    var out = "\(indent)\(node.name)\(node.value.isEmpty ? "" : ": \(node.value)")"
    if node.length > 0 { out += "  [\(node.offset)+\(node.length)]" }
    out += "\n"
    for child in node.children { out += text(child, depth + 1) }
    return out
  }

  private static func value(_ node: FieldNode) -> ConfigValue {
    .map([
      ConfigValue.Entry("name", .string(node.name)), ConfigValue.Entry("value", .string(node.value)),
      ConfigValue.Entry("offset", .int(node.offset)), ConfigValue.Entry("length", .int(node.length)),
      ConfigValue.Entry("children", .list(node.children.map(Self.value))),
    ])
  }
}
