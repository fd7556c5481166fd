import ArgumentParser
import Configuration
import L0Trigger
import TriggerPipeline

extension Config {
  /// `spillway config import-l0`.
  struct ImportL0: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import-l0",
      abstract: "Turn L0 masks in register form (JSON) into a readable menu.",
      discussion: """
        Masks become conditions such as 'RICH & QX & !MUV3'; a mask that words cannot say keeps its registers. \
        The names of the bits changed with the runs: give the run that the masks are for.

        Example:
          spillway config import-l0 run9001.json --run 9001 --out my-menu.yaml
        """)

    @Argument(help: ArgumentHelp("The register form: 7 mask and dontcare words per line.", valueName: "menu"))
    var file: String

    @Option(
      name: .customLong("run"), help: ArgumentHelp("The run whose names the bits have.", valueName: "number"))
    var runNumber = PrimitiveBits.latest.run

    @Option(help: "Write the menu to this file instead of standard output.")
    var out: String?

    func validate() throws {
      if !PrimitiveBits.runs.contains(runNumber) {
        throw ValidationError(
          "--run \(runNumber): expected \(PrimitiveBits.runs.lowerBound) to \(PrimitiveBits.runs.upperBound)")
      }
    }

    func run() throws {
      var menu: L0Menu
      do throws(ConfigurationError) {
        let root = try YAMLNode.load(path: file)
        guard L0RegisterForm.isRegisterForm(root) else {
          throw ConfigurationError(
            file: file, problem: "no menu in register form",
            advice: "give JSON that has 'masks' and no 'schema'")
        }
        menu = try L0RegisterForm.read(root)
      } catch { throw Failure.usage(error) }
      menu.bits = PrimitiveBits(run: runNumber)
      let text = menu.fileText(comment: [
        "Imported from \(file), a menu in the register form of the L0TP.",
        "The names of the bits are those of run \(runNumber). Registers do not say how far a number is to be trusted.",
      ])
      // What was read must come back unchanged; the register form can hold values that a menu refuses.
      do throws(ConfigurationError) {
        let again = try L0Menu.parse(text: text, path: out ?? "menu.yaml")
        guard again == menu else {
          throw ConfigurationError(file: file, problem: "cannot be said as a menu without loss")
        }
      } catch {
        throw Failure.usage("\(file): cannot be said as a menu: \(error.keyPath): \(error.problem)")
      }
      for warning in menu.warnings { Terminal.note("warning: \(file): \(warning)") }
      if let out { try OutputFile.write(text, to: out) } else { Terminal.out(text) }
    }
  }

  /// `spillway config export-l0`.
  struct ExportL0: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export-l0",
      abstract: "Turn the L0 lines of a menu into the register form (JSON).",
      discussion: """
        What the registers cannot hold, as a fractional downscaling, is named in a warning.

        Example:
          spillway config export-l0 Configs/menus/kaon-2018.yaml --out kaon-2018.json
        """)

    @Argument(
      help: ArgumentHelp("A menu with L0 lines.", valueName: "menu"), transform: ShippedFile.find)
    var file: String

    @Option(help: "Write the registers to this file instead of standard output.")
    var out: String?

    func run() throws {
      let menu: L0Menu
      do { menu = try L0Menu.load(path: file) } catch { throw Failure.usage(error) }
      let (value, lost) = L0RegisterForm.write(menu)
      for what in lost { Terminal.note("warning: \(file): not in the register form: \(what)") }
      let text = value.json(isIndented: true) + "\n"
      if let out { try OutputFile.write(text, to: out) } else { Terminal.out(text) }
    }
  }
}
