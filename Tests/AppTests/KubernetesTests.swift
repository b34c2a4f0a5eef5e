import Foundation
import Testing

/// The times in `units/kubernetes.yaml` depend on each other, and on what the programs do.
struct KubernetesTests {
    private let lines: [String]

    init() throws {
        lines = try UnitsFile.lines("kubernetes.yaml")
    }

    /// The values of a setting, in the order in which they stand there.
    private func numbers(_ setting: String) -> [Int] {
        lines.filter { $0.hasPrefix("\(setting): ") }.compactMap { Int($0.dropFirst(setting.count + 2)) }
    }

    /// The seconds that an option of a program stands at, as its help says.
    private func seconds(_ option: String, of program: String) async throws -> Int {
        let help = try await Shell.run("\(program) --help").output
        let pattern = try Regex("\(option) <[a-z]+>[^(]*\\(default: ([0-9]+)", as: (Substring, Substring).self)
        return try #require(help.firstMatch(of: pattern).flatMap { Int($0.output.1) }, "\(help)")
    }

    private var lameDuck: Int {
        get throws {
            let list = try #require(lines.first { $0.hasPrefix("args: ") }).dropFirst("args: ".count)
            let arguments = try JSONDecoder().decode([String].self, from: Data(list.utf8))
            try #require(arguments.first == "--lame-duck" && arguments.count == 2)
            return try #require(Int(arguments[1].dropLast()))
        }
    }

    @Test func theGracePeriodIsLongerThanTheEndOfTheProgram() async throws {
        let drain = try await seconds("--drain-timeout", of: "\"$APP\"")
        let end = try lameDuck + drain
        let periods = numbers("terminationGracePeriodSeconds")
        try #require(periods.count == 2, "the pod's, and that of a program that hangs")
        // It gives the services of an application 5 s more.
        #expect(periods[0] > end + 5)
        let kill = try await seconds("--kill-timeout", of: "\"$(dirname \"$APP\")/baton\" run")
        #expect(kill > end, "baton run does not kill it before")
    }

    @Test func noProbeEndsAStartOrADrainThatIsInTime() async throws {
        let (periods, thresholds) = (numbers("periodSeconds"), numbers("failureThreshold"))
        try #require(periods.count == 3 && thresholds.count == 3, "startup, readiness, liveness")
        let ready = try await seconds("--ready-timeout", of: "\"$(dirname \"$APP\")/baton\" run")
        #expect(periods[0] * thresholds[0] >= ready)
        #expect(try periods[1] * thresholds[1] < lameDuck)
        let drain = try await seconds("--drain-timeout", of: "\"$APP\"")
        #expect(periods[2] * thresholds[2] > drain)
    }

    @Test func theImageAndThePodAgree() throws {
        let image = try UnitsFile.lines("Containerfile")
        let user = try #require(image.last { $0.hasPrefix("USER ") })
        #expect(user == "USER \(numbers("runAsUser")[0]):\(numbers("runAsGroup")[0])")
        let port = try #require(lines.compactMap { $0.firstMatch(of: /containerPort: ([0-9]+)/) }.first)
        #expect(image.contains("EXPOSE \(port.1)"))
        #expect(image.contains { $0.hasPrefix("ENTRYPOINT ") && $0.contains("\"--port\", \"\(port.1)\"") })
    }
}
