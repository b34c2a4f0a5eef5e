import Foundation
import Subprocess
import SystemPackage
import Testing

/// Looks at a page with the browser of Debian's package `chromium`, without a window and without a network.
struct Chromium {
    static let path = "/usr/bin/chromium"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// What a browser makes of a page.
    struct View: Decodable {
        struct Table: Decodable {
            var caption: String
            var rows: [[String]]
            /// Cells that head nothing by their markup.
            var unscoped: Int
            /// It is as wide as its column, or wider and then moved with the keyboard.
            var isReachable: Bool
        }

        struct Contrast: Decodable {
            var text: String
            var ratio: Double
        }

        var width: Int
        var isDark: Bool
        /// Of the whole page.
        var scrollWidth: Int
        var title: String
        var language: String
        var headline: String
        /// What the chart says of itself.
        var drawn: [String: String]
        var label: String
        /// How many of its pixels have the colour of failures, of restarts, of pauses.
        var pixels: [String: Int]
        var tables: [Table]
        /// How much text was looked at, and what of it is hard to read.
        var texts: Int
        var lowContrast: [Contrast]
        /// Text that goes over the edge of what it is in.
        var overflows: [String]
        /// What was fetched.
        var resources: [String]
        /// What the arrow keys say, one after the other.
        var marks: [String]
    }

    struct Result {
        var views: [View]
        /// Errors, and what the Content-Security-Policy has refused.
        var console: [String]
    }

    /// Shows the page in frames of these widths, side by side: a window can not be as narrow as a telephone.
    static func show(_ html: String, widths: [Int], isDark: Bool) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("baton-page-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let checked = html.replacingOccurrences(of: "</body>", with: "<script>\(PageCheck.javaScript)</script></body>")
        let frames = folder.appendingPathComponent("frames.html")
        try Data(checked.utf8).write(to: folder.appendingPathComponent("page.html"))
        try Data(PageCheck.frames("page.html", widths: widths).utf8).write(to: frames)
        let result = try await Subprocess.run(
            .path("/usr/bin/timeout"),
            arguments: [
                "--signal=KILL", "120", path,
                "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr",
                "--user-data-dir=\(folder.path)/profile", "--host-resolver-rules=MAP * ~NOTFOUND",
                "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)", "--window-size=1400,1000",
                "--dump-dom", frames.absoluteString,
            ],
            output: .string(limit: 4_000_000),
            error: .string(limit: 4_000_000)
        )
        let (dom, log) = (result.standardOutput, result.standardError)
        let views = try dom.matches(of: /<pre>([A-Za-z0-9+\/=]+)<\/pre>/).map { match in
            try JSONDecoder().decode(View.self, from: #require(Data(base64Encoded: String(match.1))))
        }
        try #require(views.count == widths.count, "\(dom.suffix(2000))\n\(log.suffix(2000))")
        return Result(
            views: views.sorted { $0.width < $1.width },
            console: log.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
        )
    }
}
