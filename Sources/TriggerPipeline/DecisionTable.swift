import Configuration
public import L1Trigger

/// The table of decisions: one row for each event with the L1 word, the masks, and what each algorithm
/// finds when run alone with the parameters of mask 0 (CSV).
public struct DecisionTable: Sendable {
  private let configuration: L1Configuration

  /// A table for the given configuration.
  public init(configuration: L1Configuration) { self.configuration = configuration }

  /// The line with the names of the columns.
  public static let header =
    "event,timestamp,finetime,datatype,l0type,l0flags,l1word,l1masks,chod_ret,chod_st,chod_nhits,chod_tavg,"
    + "ktag_ret,ktag_st,ktag_nsec,lav_ret,lav_st,lav_nhits,ircsac_ret,ircsac_st,ircsac_nhits,straw_ret,"
    + "straw_st,straw_ntrk,straw_p0,straw_p1,straw_p2,straw_p3,straw_vz0,straw_vz1,straw_vz2,straw_vz3,"
    + "straw_cda,straw_dist,muv0_ret,muv0_st,muv0_ntiles,muv1_ret,muv1_st,muv3_ret,muv3_st,newchod_ret,"
    + "newchod_st,newchod_nhits,l1block_sha256,burst\n"

  /// The rows of a batch, each with its line end.
  public func rows(of judged: JudgedBatch) -> String {
    var out = ""
    for (i, event) in judged.batch.events.enumerated() where i < judged.alone.count {
      let alone = judged.alone[i]
      let info = alone.info
      let decision = judged.decisions[i]
      let block = L1DataBlock.encode(
        event: event, evaluation: judged.evaluations[i], decision: decision, configuration: configuration)
      func run(_ algorithm: L1Algorithm) -> String {
        "\(info.results[algorithm.rawValue]),\(info.states[algorithm.rawValue])"
      }
      let muv3 = info.states[L1Algorithm.muv3.rawValue]
      out += "\(event.number),\(event.timestamp),\(event.l0.fineTime),\(event.l0.dataType.rawValue),"
      out += "\(event.l0.word.rawValue),0x\(Self.hex(event.l0.flags, 4)),"
      out += "0x\(Self.hex(decision.word.rawValue, 2)),0x\(Self.hex(decision.masks, 4)),"
      out += "\(run(.chod)),\(info.chodHits),\(info.chodAverage),\(run(.ktag)),\(info.ktagSectors),"
      out += "\(run(.lav)),\(info.lavHits),\(run(.ircSac)),\(info.ircSacHits),"
      out += "\(run(.straw)),\(info.straw.tracks),"
      for k in 0..<4 { out += "\(info.straw.momenta[k])," }
      for k in 0..<4 { out += "\(info.straw.vertices[k])," }
      out += "\(info.straw.cda),\(info.straw.distance),"
      out += "\(alone.muv3.neighbours),\(muv3),\(info.muv3Tiles),\(alone.muv3.leftRight),\(muv3),"
      out += "\(alone.muv3.tight),\(muv3),\(run(.newCHOD)),\(info.newCHODHits),"
      out += "\(SHA256.hex(of: block).prefix(16)),\(event.burst)\n"
    }
    return out
  }

  /// A number in hexadecimal, padded with zeros.
  static func hex(_ value: some BinaryInteger, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
