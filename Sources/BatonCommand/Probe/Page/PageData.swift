import Foundation

/// What the chart of the page is drawn from. Times are seconds since the start.
struct PageData: Encodable, Sendable {
    struct Generation: Encodable, Sendable {
        var pid: Int
        var first: Double
        var last: Double
        var responses: Int
    }

    struct Restart: Encodable, Sendable {
        var start: Double
        /// Absent if the run was over before.
        var end: Double?
        var succeeded: Bool
    }

    struct Pause: Encodable, Sendable {
        var start: Double
        var end: Double
        var words: String
    }

    /// The bytes of each dot: time, latency, number, colour; two, two, one, one, big-endian.
    static let bytesPerDot = 6
    /// More failures are drawn, but without words.
    static let failuresInWords = 300
    static let wordLimit = 200
    static let generationLimit = 1000
    static let restartLimit = 2000

    var duration: Double
    /// What 1 of a dot's time is.
    var tick: Double
    var lowestMicroseconds = RequestPlot.lowestMicroseconds
    /// What a decade of latencies is in a dot's latency.
    var decade = RequestPlot.rowsPerDecade * 16
    var colours = RequestPlot.colours
    /// Base64.
    var dots: String
    /// Each its time, its microseconds, its kind, and when it ended.
    var failures: [[Double]]
    var kinds = OutcomeKind.allCases.map(\.words)
    /// Of the first failures.
    var details: [String]
    var generations: [Generation]
    var restarts: [Restart]
    var pauses: [Pause]
}

extension PageData {
    init(_ record: Record, _ plot: RequestPlot, duration: Duration) {
        let windows = record.windows
        self.init(
            duration: duration.inSeconds,
            tick: plot.columnWidth.inSeconds / 16,
            dots: Self.bytes(of: plot.dots).base64EncodedString(),
            failures: plot.failures.map { outcome in
                [
                    outcome.issuedAt.inSeconds, Double(outcome.latency.wholeMicroseconds),
                    Double(OutcomeKind.allCases.firstIndex(of: outcome.kind) ?? 0), outcome.endedAt.inSeconds,
                ]
            },
            details: plot.failures.prefix(Self.failuresInWords).map {
                String("\($0.mode.rawValue): \($0.detail)".prefix(Self.wordLimit))
            },
            generations: record.processes.inOrder.prefix(Self.generationLimit).map {
                Generation(
                    pid: $0.pid,
                    first: $0.firstSeen.inSeconds,
                    last: $0.lastSeen.inSeconds,
                    responses: $0.responses
                )
            },
            restarts: windows.restarts.prefix(Self.restartLimit).map {
                Restart(
                    start: $0.startedAt.inSeconds,
                    end: $0.endedAt?.inSeconds,
                    succeeded: $0.exit?.succeeded ?? false
                )
            },
            pauses: Self.pauses(windows.pauses.gaps.prefix(Self.restartLimit).compactMap { $0 })
        )
    }

    /// One that spans several restarts is the longest of each of them, and is drawn once.
    private static func pauses(_ gaps: [GapRecorder.Gap]) -> [Pause] {
        gaps.enumerated().filter { $0.offset == 0 || $0.element != gaps[$0.offset - 1] }.map { _, gap in
            Pause(
                start: gap.start.inSeconds,
                end: (gap.start + gap.length).inSeconds,
                words: NumberText.milliseconds(gap.length.inMilliseconds)
            )
        }
    }

    private static func bytes(of dots: [RequestPlot.Dot]) -> Data {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(dots.count * bytesPerDot)
        for dot in dots {
            bytes += [
                UInt8(truncatingIfNeeded: dot.x >> 8), UInt8(truncatingIfNeeded: dot.x),
                UInt8(truncatingIfNeeded: dot.y >> 8), UInt8(truncatingIfNeeded: dot.y),
                // How often it doubles: enough to draw it by.
                UInt8(Int.bitWidth - 1 - max(1, dot.count).leadingZeroBitCount),
                UInt8(dot.colour),
            ]
        }
        return Data(bytes)
    }

    /// As a text that can stand in a script element: nothing in it ends the element, or looks like an address.
    func script() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var text = String(decoding: try encoder.encode(self), as: UTF8.self)
        for character in ["<", ">", "&", "(", "="] {
            let code = character.unicodeScalars.first.map { String($0.value, radix: 16) } ?? ""
            text = text.replacingOccurrences(of: character, with: "\\u00" + (code.count < 2 ? "0" + code : code))
        }
        return text
    }
}
