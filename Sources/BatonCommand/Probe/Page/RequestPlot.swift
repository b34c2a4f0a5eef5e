/// Where the dots of a run are, time by latency, thinned as it goes: a run of any length takes the same room. Failures are
/// kept as they are, up to a bound.
///
/// What falls into one cell of a grid and is answered by one process becomes one dot, at the place of the first. When there are
/// too many cells, two neighbouring columns become one.
struct RequestPlot: Sendable {
    struct Dot: Equatable, Sendable {
        /// In sixteenths of a column, and of a row.
        var x: Int
        var y: Int
        /// How many requests it stands for.
        var count: Int
        var colour: Int
    }

    static let cellLimit = 80_000
    static let columnLimit = 1500
    static let failureLimit = 10_000
    /// A row is a part of a decade of latencies.
    static let rowsPerDecade = 32
    /// What is below is drawn there.
    static let lowestMicroseconds = 10.0
    static let decades = 8
    /// Generations have so many colours in turn; answers that name no process have the next one.
    static let colours = 6

    /// What is in a cell.
    private struct Content {
        var count: UInt32
        /// Of the first, within the cell.
        var x: UInt8
        var y: UInt8
    }

    private var columnNanoseconds = Int64(1_000_000)
    /// In the order of time.
    private(set) var failures: [Outcome] = []
    private(set) var failuresLeftOut = 0
    private(set) var requests = 0
    /// By column, row and colour in one number.
    private var cells: [UInt64: Content] = [:]

    var columnWidth: Duration { .nanoseconds(columnNanoseconds) }

    /// - Parameters:
    ///   - outcome: How a request ended.
    ///   - generation: Which process answered it, from 0; nil if that is not known.
    mutating func add(_ outcome: Outcome, generation: Int?) {
        guard outcome.kind != .abandoned else { return }
        requests += 1
        guard !outcome.kind.isFailure else { return fail(outcome) }
        let colour = generation.map { $0 % Self.colours } ?? Self.colours
        add(at: outcome.issuedAt.wholeNanoseconds, took: outcome.latency.wholeNanoseconds, colour)
    }

    private mutating func add(at time: Int64, took nanoseconds: Int64, _ colour: Int) {
        while time >= columnNanoseconds * Int64(Self.columnLimit) { halve() }
        let x = Int(max(0, time) * 16 / columnNanoseconds)
        let y = Self.height(microseconds: Double(nanoseconds) / 1000)
        let content = Content(count: 0, x: UInt8(x % 16), y: UInt8(y % 16))
        cells[Self.cell(column: x / 16, row: y / 16, colour: colour), default: content].count &+= 1
        while cells.count > Self.cellLimit { halve() }
    }

    private static func cell(column: Int, row: Int, colour: Int) -> UInt64 {
        UInt64(column) << 32 | UInt64(row) << 8 | UInt64(colour)
    }

    private static func column(of cell: UInt64) -> Int { Int(cell >> 32) }
    private static func row(of cell: UInt64) -> Int { Int(cell >> 8 & 0xffff) }
    private static func colour(of cell: UInt64) -> Int { Int(cell & 0xff) }

    /// From left to right.
    var dots: [Dot] {
        cells.map { cell, content in
            Dot(
                x: Self.column(of: cell) * 16 + Int(content.x),
                y: Self.row(of: cell) * 16 + Int(content.y),
                count: Int(content.count),
                colour: Self.colour(of: cell)
            )
        }.sorted { ($0.x, $0.y, $0.colour) < ($1.x, $1.y, $1.colour) }
    }

    /// On the scale of the dots.
    static func height(microseconds: Double) -> Int {
        let decade = Decades.log10(max(1, microseconds / lowestMicroseconds))
        return min(Int(decade * Double(rowsPerDecade * 16)), decades * rowsPerDecade * 16 - 1)
    }

    private mutating func fail(_ outcome: Outcome) {
        if failures.count < Self.failureLimit { failures.append(outcome) } else { failuresLeftOut += 1 }
    }

    private mutating func halve() {
        columnNanoseconds *= 2
        var halved: [UInt64: Content] = [:]
        halved.reserveCapacity(cells.count)
        for (cell, content) in cells {
            let x = (Self.column(of: cell) * 16 + Int(content.x)) / 2
            let key = Self.cell(column: x / 16, row: Self.row(of: cell), colour: Self.colour(of: cell))
            let moved = Content(count: 0, x: UInt8(x % 16), y: content.y)
            halved[key, default: moved].count &+= content.count
        }
        cells = halved
    }
}
