// Logs what the journal's cases look for. What it has done stands on standard output.
//
// journal-writer odd                         one line with everything that is hard to keep
// journal-writer pid COUNT                   lines that say the pid
// journal-writer load THREADS RATE SECONDS   so many lines a second from so many threads together
// journal-writer burst COUNT                 lines as fast as possible, then exit
import Foundation
import JournalLogging
import Logging

LoggingSystem.bootstrap { JournalLogHandler(label: $0) }
let logger = Logger(label: "journal-writer")

let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.dropFirst().compactMap { Int($0) }
switch (arguments.first, numbers.count) {
case ("odd", 0):
    logOddLine(to: logger)
    // What an exit has no time for on a busy machine is not the subject here.
    Thread.sleep(forTimeInterval: 1)
case ("pid", 1):
    for number in 0..<numbers[0] { logger.info("pid", metadata: ["said": "\(getpid())", "number": "\(number)"]) }
    Thread.sleep(forTimeInterval: 1)
case ("load", 3):
    print(Load(threads: numbers[0], rate: numbers[1], seconds: numbers[2]).run(logger))
case ("burst", 1):
    for number in 0..<numbers[0] { logger.info("0 \(number)") }
    print("logged \(numbers[0])")
default:
    print("usage: journal-writer odd | pid COUNT | load THREADS RATE SECONDS | burst COUNT")
    exit(64)
}
