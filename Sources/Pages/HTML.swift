/// Pieces of pages that need nothing else: no network, no script. They look right in light and dark, and narrow.
public enum HTML {
  /// A text with the characters that have a meaning in HTML written as entities.
  public static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  /// A whole page with a title and what is below it.
  public static func page(title: String, _ body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    <h1>\(escaped(title))</h1>
    \(body)</body>
    </html>

    """
  }

  /// A paragraph; a note is smaller and paler.
  public static func paragraph(_ text: String, isNote: Bool = false) -> String {
    "<p\(isNote ? " class=\"note\"" : "")>\(escaped(text))</p>\n"
  }

  /// A table; columns in `left` stand on the left.
  public static func table(_ header: [String], _ rows: [[String]], left: Set<Int> = []) -> String {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>"
        + cells.enumerated().map { column, cell in
          "<\(tag)\(left.contains(column) ? " class=\"left\"" : "")>\(escaped(cell))</\(tag)>"
        }.joined() + "</tr>\n"
    }
    return "<div class=\"wide\"><table>\n" + row(header, "th") + rows.map { row($0, "td") }.joined()
      + "</table></div>\n"
  }

  private static let style = """
    :root { color-scheme: light dark; --ink: #1c2430; --dim: #5d6878; --paper: #ffffff; --line: #d9dee6;
      --accent: #2f6fde; --c0: #2f6fde; --c1: #d9822b; --c2: #2a9d6f; --c3: #c0392b; --c4: #8e5bd0;
      --c5: #0f9bb5; --c6: #a8842c; --c7: #6b7280; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e5e9f0; --dim: #9aa5b5; --paper: #14181f;
      --line: #313946; --accent: #6ea1ff; --c0: #6ea1ff; --c1: #f0a35e; --c2: #57c99a; --c3: #ef7d70;
      --c4: #bb95ee; --c5: #4cc7df; --c6: #d6b45c; --c7: #a3abb8; } }
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
      max-width: 1200px; margin: 2rem auto; padding: 0 1rem; }
    h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.4rem; } h3 { font-size: 1rem; }
    p { margin: 0.3rem 0; } p.note { color: var(--dim); font-size: 0.9rem; max-width: 75ch; }
    div.wide { overflow-x: auto; }
    table { border-collapse: collapse; margin: 0.6rem 0; font-variant-numeric: tabular-nums;
      font-size: 0.87rem; }
    th, td { padding: 0.2rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right;
      white-space: nowrap; }
    th { color: var(--dim); font-weight: 600; } th:first-child, td:first-child, .left { text-align: left; }
    td.left { white-space: normal; min-width: 12ch; }
    td.heat { background: color-mix(in srgb, var(--accent) calc(var(--v) * 65%), transparent); }
    code { font-size: 0.85em; color: var(--dim); }
    summary { cursor: pointer; padding: 0.2rem 0; }
    svg { width: 100%; height: auto; display: block; }
    svg text { fill: var(--dim); font: 11px system-ui, sans-serif; } svg .title { fill: var(--ink); }
    .grid { stroke: var(--line); } .axis { stroke: var(--dim); }
    .mark { stroke: var(--dim); stroke-dasharray: 3 3; }
    .line { fill: none; stroke-width: 1.5; stroke: currentColor; }
    .filled { fill: currentColor; fill-opacity: 0.18; } .bar { fill: currentColor; }
    .cell { fill: var(--accent); } .area { fill: currentColor; stroke: none; }
    .error { stroke: var(--ink); stroke-width: 1; }
    .s0 { color: var(--c0); } .s1 { color: var(--c1); } .s2 { color: var(--c2); } .s3 { color: var(--c3); }
    .s4 { color: var(--c4); } .s5 { color: var(--c5); } .s6 { color: var(--c6); } .s7 { color: var(--c7); }
    .key { display: inline-block; margin-right: 1.2rem; } .key::before { content: ""; display: inline-block;
      width: 0.8em; height: 0.8em; margin-right: 0.4em; background: currentColor; border-radius: 2px; }
    .key span { color: var(--ink); }
    .large { grid-template-columns: repeat(auto-fill, minmax(min(420px, 100%), 1fr)) !important; }
    figure { margin: 0; } figcaption { color: var(--dim); font-size: 0.85rem; }
    .grid2 { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1rem; }
    """
}
