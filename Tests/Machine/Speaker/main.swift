// Prints what it was started with, then does what its arguments say, one after the other, and ends.
import Baton
import Glibc

let words = CommandLine.arguments.dropFirst().map(Word.init)

// A signal that a later word waits for must not end the process before.
var awaited = sigset_t()
sigemptyset(&awaited)
for word in words {
    guard word.name == "wait", let signal = word.signal else { continue }
    sigaddset(&awaited, signal)
    // systemd from 262 on demands of Type=notify-reload that its signal is caught before READY.
    Glibc.signal(signal) { _ in }
}
sigprocmask(SIG_BLOCK, &awaited, nil)

do {
    var speaker = Speaker(try Activation.take(elseBind: []))
    speaker.printPassed()
    for word in words { try speaker.obey(word) }
} catch {
    say("failed: \(error)")
    exit(EXIT_FAILURE)
}
