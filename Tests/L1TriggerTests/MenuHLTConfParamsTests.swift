import Configuration
import L1Trigger
import Testing

@Suite("NA62's HLTConfParams XML")
struct MenuHLTConfParamsTests {
  static let xml = """
    <?xml version="1.0" encoding="UTF-8"?>
    <HLTConfParams>
      <l1>
        <configParams>
          <bypassProbability>0.5</bypassProbability>
          <reductionFactor>2</reductionFactor>
          <downscaleFactor>3</downscaleFactor>
          <flagMode>1</flagMode>
        </configParams>
        <autoFlagFactor> 20 </autoFlagFactor>
        <referenceTimeSourceID>0</referenceTimeSourceID>
        <l1Mask id="4">
          <numberOfEnabledAlgos>2</numberOfEnabledAlgos>
          <maskReductionFactor>5</maskReductionFactor>
          <KTAG>
            <configParams>
              <processID>0</processID><l1TrigMaskID>2</l1TrigMaskID><enable>1</enable><logic>1</logic>
              <flag>0</flag><downScale>1</downScale><DSFactor>7</DSFactor>
              <refTimeSourceID>1</refTimeSourceID><onlineTimeWindow>5.0</onlineTimeWindow>
            </configParams>
          </KTAG>
          <muv>
            <configParams>
              <processID>1</processID><MaskID>6</MaskID><enable>true</enable><logic>0</logic>
              <onlineTimeWindow>10</onlineTimeWindow>
            </configParams>
            <xx>2</xx>
          </muv>
          <rich>
            <configParams><processID>-1</processID><onlineTimeWindow>-1</onlineTimeWindow></configParams>
          </rich>
        </l1Mask>
      </l1>
      <l2><reductionFactor>99</reductionFactor><anything/></l2>
    </HLTConfParams>
    """

  @Test("values are found by name, whatever the nesting and case")
  func values() throws {
    let result = try HLTConfParamsReader(text: Self.xml, file: "a.xml")
    var expected = L1Configuration()
    expected.bypassProbability = 0.5
    expected.reductionFactor = 2
    expected.downscaleFactor = 3
    expected.flagMode = true
    expected.autoFlagFactor = 20
    expected.masks[4].reduction = 5
    var ktag = L1AlgorithmSettings()
    ktag.processID = 0
    ktag.isEnabled = true
    ktag.isDownscaled = true
    ktag.downscaling = 7
    ktag.reference = 1
    ktag.window = 5
    expected.masks[4][.ktag] = ktag
    var muv3 = L1AlgorithmSettings()
    muv3.processID = 1
    muv3.isEnabled = true
    muv3.isPositive = false
    muv3.window = 10
    muv3.xx = 2
    expected.masks[4][.muv3] = muv3
    #expect(result.configuration == expected)
    #expect(result.maskLines == [4: 12])
    #expect(result.warnings.count == 1)
    #expect(result.warnings.first?.contains("which the file lacks") == true)
  }

  @Test("unknown elements and wrong identifiers are reported with their lines")
  func unknown() throws {
    let text = Self.xml.replacing("<flag>0</flag>", with: "<flagg>0</flagg>")
      .replacing("<MaskID>6</MaskID>", with: "<MaskID>5</MaskID>")
    let warnings = try HLTConfParamsReader(text: text, file: "a.xml").warnings
    #expect(warnings.contains("a.xml:18: unknown element 'flagg', left out"))
    #expect(warnings.contains("a.xml:24: the algorithm identifier 5 is left out: MUV3 has 6"))
  }

  static let mistakes: [(old: String, new: String, message: String)] = [
    (
      "<processID>0</processID>", "",
      "a.xml:15: HLTConfParams.l1.l1Mask.KTAG: the algorithm is enabled but has no"
    ),
    (
      "5.0<", "wide<",
      "a.xml:19: HLTConfParams.l1.l1Mask.KTAG.configParams.onlineTimeWindow: expected a number"
    ),
    ("5.0<", "nan<", "expected a number"),
    ("5.0<", "-5.0<", "negative window"),
    ("<DSFactor>7<", "<DSFactor>0<", "downscaled by 0"),
    ("<DSFactor>7<", "<DSFactor>4294967296<", "from 0 to 4294967295"),
    ("0.5<", "1.5<", "a.xml:5"),
    ("<enable>1<", "<enable>2<", "expected 0 or 1, found '2'"),
    ("id=\"4\"", "id=\"16\"", "a.xml:12: HLTConfParams.l1.l1Mask: expected an attribute id from 0 to 15"),
    ("id=\"4\"", "", "expected an attribute id"),
    ("<l1Mask id=\"4\">", "<l1Mask id=\"4\"></l1Mask><l1Mask id=\"4\">", "already defined on line 12"),
    ("<enable>1</enable>", "<enable>1</enable><enable>0</enable>", "stands twice, first on line 17"),
    ("</l1Mask>", "<muv3></muv3></l1Mask>", "the algorithm stands twice"),
    ("<HLTConfParams>", "<!DOCTYPE a [<!ENTITY b \"c\">]><HLTConfParams>", "a.xml:2: a document type"),
    ("</l1Mask>", "", "not well-formed XML"),
    ("l1Mask", "mask", "there is no element l1Mask"),
    ("<xx>2</xx>", String(repeating: "<a>", count: 100_000), "deeper than 32 levels"),
  ]

  @Test("a mistake gives an error with file and line", arguments: mistakes)
  func errors(mistake: (old: String, new: String, message: String)) throws {
    let text = Self.xml.replacing(mistake.old, with: mistake.new)
    let error = #expect(throws: ConfigurationError.self) {
      try HLTConfParamsReader(text: text, file: "a.xml")
    }
    let message = try #require(error).description
    #expect(message.contains(mistake.message), "\(message)")
    #expect(message.hasPrefix("a.xml:"))
  }

  @Test("a text that is no XML, empty or too large is refused")
  func hostile() {
    for text in ["", "no xml", "<", "<a", "\u{0}", "<a/>", "<l1Mask id=\"0\">"] {
      #expect(throws: ConfigurationError.self) { try HLTConfParamsReader(text: text, file: "a.xml") }
    }
    let large = String(repeating: " ", count: HLTConfParamsReader.sizeLimit + 1)
    let error = #expect(throws: ConfigurationError.self) { try HLTConfParamsReader(text: large, file: "a") }
    #expect(error?.problem.contains("4 MiB") == true)
  }

  @Test("a menu takes its masks from the XML file")
  func menu() throws {
    try MenuFixture.withFile("params.xml", Self.xml) { path in
      let menu = try MenuFixture.load(
        MenuFixture.text(
          l1:
            "  hlt_conf_params: \(path)\n  data_block_masks: [4]\n  straw_scratch: original\n  corrections: [chain-order]"
        )
      )
      #expect(menu.configuration.masks[4].reduction == 5)
      #expect(menu.configuration.dataBlockMasks == [4])
      #expect(menu.configuration.strawScratch == .original)
      #expect(menu.configuration.corrections == .chainOrder)
      #expect(menu.warnings.count == 1)
    }
  }
}
