import ArgumentParser

/// Measures `app` against what it has to compare with, in one run, alternating, so that a noisy machine meets both.
@main
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Tests/bench",
        abstract: "Measures app against stock Hummingbird (throughput) and a plain C server (start-up)."
    )

    @Option(help: "The folder of the release builds: app, stock-server, plain-server.")
    var binaries: String

    @Option(help: "How many alternating rounds of throughput.")
    var rounds = 7

    @Option(help: "Seconds a round measures each server and way of connecting.")
    var seconds = 2

    @Option(help: "How many starts of each program.")
    var starts = 21

    func validate() throws {
        for (name, value) in [("--rounds", rounds), ("--seconds", seconds), ("--starts", starts)] where value < 1 {
            throw ValidationError("\(name) \(value): must be 1 at least")
        }
    }

    func run() async throws {
        try await Throughput(binaries: binaries, rounds: rounds, seconds: seconds).run()
        print()
        try StartUp(binaries: binaries, starts: starts).run()
    }
}

/// The middle one of the values, or the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? .nan : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// A number with so many digits behind the point.
func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let whole = String(Int((value * scale).rounded()))
    guard digits > 0 else { return whole }
    let padded = String(repeating: "0", count: max(0, digits + 1 - whole.count)) + whole
    return "\(padded.dropLast(digits)).\(padded.suffix(digits))"
}

/// A text with blanks in front of it.
func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}

/// What a benchmark cannot go on with.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String
}
