import Baton

/// Values of settings, as systemd reads them.
enum UnitText {
    /// Nil for what is no boolean.
    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "1", "yes", "y", "true", "t", "on": true
        case "0", "no", "n", "false", "f", "off": false
        default: nil
        }
    }

    /// The words of a list or a command line, with quotes and backslashes as of systemd.service(5), "Command lines".
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return words
    }

    /// The number of a signal's name, with or without SIG, or of a number; nil for what is none. As signal(7) has them on Linux, also
    /// those that have no name elsewhere.
    static func signal(_ text: String) -> CInt? {
        if let signal = Signal(name: text) { return signal.number }
        if let number = CInt(text) { return (1...64).contains(number) ? number : nil }
        let name = text.hasPrefix("SIG") ? text.dropFirst(3) : text[...]
        let others: [Substring: CInt] = ["STKFLT": 16, "POLL": 29, "PWR": 30, "RTMIN": 34, "RTMAX": 64]
        if let number = others[name] { return number }
        let (start, offset) = (name.prefix(6), CInt(name.dropFirst(6)) ?? -1)
        guard (0...30).contains(offset) else { return nil }
        return start == "RTMIN+" ? 34 + offset : start == "RTMAX-" ? 64 - offset : nil
    }
}
