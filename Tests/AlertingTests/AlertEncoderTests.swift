import Alerting
import Foundation
import NA62Formats
import Testing

@Suite struct AlertEncoderTests {
  private func record(isBlind: Bool = false) -> AlertRecord {
    AlertRecord(
      selection: "three-track", isBlind: isBlind,
      event: .init(run: 8_000, burst: 17, number: 42, timestamp: ClockTicks(1_000), fineTime: 128),
      l0: .init(dataType: 1, word: 16, flags: 5), l1: .init(word: 3, acceptedMasks: [0, 5]),
      packets: [.init(input: 0, number: 7), .init(input: 1, number: 9)],
      quantities: [
        .init("ktag.sectors", .integer(6)), .init("straw.momentum", .number(34.5)),
        .init("muv3.pass", .flag(false)), .init("bad", .number(.nan)),
      ],
      state: .init(
        observed: 1, background: 0.016, upperLimit: 3.874, branchingRatioLimit: nil, confidenceLevel: 0.9,
        method: "CLs", tail: "one-sided upper, CLs", pValue: 0.0159, zOneSided: 2.15, zTwoSided: 2.41,
        anytimePValue: 0.2, anytimeZ: 0.842),
      dataTime: DataTime(nanoseconds: 1), wallTime: DataTime(nanoseconds: 2_000_000_000),
      configurationHash: "abc", input: "a.pcap")
  }

  @Test func lineHasEveryKeyInAFixedOrder() {
    #expect(
      AlertEncoder.line(record())
        == #"{"schema":"spillway.alert/1","event_type":"candidate","id":"8000-17-42-three-track","#
        + #""selection":"three-track","blind":false,"run":8000,"burst":17,"event":42,"timestamp":1000,"#
        + #""fine_time":128,"l0":{"data_type":1,"word":16,"flags":5},"#
        + #""l1":{"word":3,"accepted_masks":[0,5]},"#
        + #""packets":[{"input":0,"packet":7},{"input":1,"packet":9}],"#
        + #""quantities":{"ktag.sectors":6,"straw.momentum":34.5,"muv3.pass":false,"bad":null},"#
        + #""state":{"observed":1,"background":0.016,"upper_limit_events":3.874,"#
        + #""upper_limit_branching_ratio":null,"confidence_level":0.9,"method":"CLs","#
        + #""tail":"one-sided upper, CLs","p_value":0.0159,"z_one_sided":2.15,"z_two_sided":2.41,"#
        + #""anytime_p_value":0.2,"anytime_z":0.842},"#
        + #""t_data":"1970-01-01T00:00:00.000000001Z","t_wall":"1970-01-01T00:00:02.000000000Z","#
        + #""configuration":"abc","input":"a.pcap"}"#)
  }

  @Test func blindLineHidesWhatTellsTheCount() {
    let line = AlertEncoder.line(record(isBlind: true))
    #expect(line.contains(#""blind":true"#))
    #expect(line.contains(#""quantities":{"ktag.sectors":null,"straw.momentum":null,"#))
    #expect(line.contains(#""observed":null,"background":0.016,"upper_limit_events":null"#))
    #expect(line.contains(#""p_value":null,"z_one_sided":null,"z_two_sided":null,"#))
    #expect(line.contains(#""anytime_p_value":null,"anytime_z":null"#))
    var other = record(isBlind: true)
    other.state?.observed = 7
    other.state?.pValue = 0.5
    other.state?.upperLimit = 9
    other.state?.anytimePValue = 0.9
    other.state?.anytimeZ = -1
    other.state?.branchingRatioLimit = 1e-9
    other.quantities[0].value = .integer(0)
    #expect(AlertEncoder.line(other) == line)
  }

  @Test func selectionWithoutCountHasNullState() {
    var plain = record()
    plain.state = nil
    #expect(AlertEncoder.line(plain).contains(#""state":null,"#))
  }

  @Test func lineIsReadByAnotherReader() throws {
    var odd = record()
    odd.selection = "a \"b\"\n\u{1}"
    odd.input = "dir\\file.pcap"
    let line = AlertEncoder.line(odd)
    #expect(!line.contains("\n"))
    let read = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect(read?["selection"] as? String == odd.selection)
    #expect(read?["input"] as? String == odd.input)
  }
}
