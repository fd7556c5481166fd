import Configuration

/// A table in the form that HEPData takes (`submission.yaml` and a data file for each table).
struct HEPDataTable {
  /// A variable: its name, unit and values. A nil value is no number there.
  struct Variable {
    var name: String
    var unit = ""
    var qualifiers: [(name: String, value: String)] = []
    var values: [Value]
  }

  /// A value, with errors by label as distances down and up.
  struct Value {
    var text: String
    var errors: [(label: String, down: Double, up: Double)] = []

    init(_ value: Double?) { text = value.map(ScanText.plain) ?? "'-'" }
    init(_ value: Int) { text = "\(value)" }
  }

  var name: String
  var file: String
  var description: String
  var observables: [String]
  var reactions: [String]
  var independent: [Variable]
  var dependent: [Variable]

  /// The data file.
  var data: String {
    "independent_variables:\n" + independent.map(Self.text).joined() + "dependent_variables:\n"
      + dependent.map(Self.text).joined()
  }

  /// The document of this table in `submission.yaml`.
  var entry: String {
    func keyword(_ name: String, _ values: [String]) -> String {
      "- name: \(name)\n  values: [\(values.map(Self.quoted).joined(separator: ", "))]\n"
    }
    return "name: \(Self.quoted(name))\nlocation: 'Spillway'\ndescription: \(Self.quoted(description))\n"
      + "keywords:\n" + keyword("reactions", reactions) + keyword("observables", observables)
      + keyword("phrases", ["Exclusion", "Beyond Standard Model"]) + "data_file: \(file)\n"
  }

  /// All documents of a submission, the first of which says what it is.
  static func submission(_ tables: [HEPDataTable], comment: String) -> String {
    "---\ncomment: \(quoted(comment))\n" + tables.map { "---\n\($0.entry)" }.joined()
  }

  private static func text(_ variable: Variable) -> String {
    var out = "- header: {name: \(quoted(variable.name))"
    out += variable.unit.isEmpty ? "}\n" : ", units: \(quoted(variable.unit))}\n"
    if !variable.qualifiers.isEmpty {
      out += "  qualifiers:\n"
      for qualifier in variable.qualifiers {
        out += "  - {name: \(quoted(qualifier.name)), value: \(quoted(qualifier.value))}\n"
      }
    }
    out += "  values:\n"
    for value in variable.values {
      out += "  - value: \(value.text)\n"
      // HEPData takes no error that is 0 on both sides.
      let errors = value.errors.filter { $0.down != 0 || $0.up != 0 }
      guard !errors.isEmpty else { continue }
      out += "    errors:\n"
      for error in errors {
        out +=
          "    - {asymerror: {minus: \(ScanText.plain(-error.down)), plus: \(ScanText.plain(error.up))}, "
        out += "label: \(quoted(error.label))}\n"
      }
    }
    return out
  }

  /// A JSON string is a string of YAML as well.
  private static func quoted(_ text: String) -> String { ConfigValue.string(text).json() }
}
