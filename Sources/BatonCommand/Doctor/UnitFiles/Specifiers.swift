/// What `%…` stands for in a unit (systemd.unit(5), "Specifiers"), of what a path or a name can depend on.
struct Specifiers {
    let name: UnitName
    /// `%t`.
    var runtimeDirectory = "/run"

    /// What is not known stays as it is.
    func resolve(_ text: String) -> String {
        var resolved = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "%", let letter = rest.first else {
                resolved.append(character)
                continue
            }
            rest = rest.dropFirst()
            resolved += value(of: letter) ?? "%\(letter)"
        }
        return resolved
    }

    private func value(of letter: Character) -> String? {
        switch letter {
        case "%": "%"
        case "t": runtimeDirectory
        case "n": "\(name)"
        case "N": String(name.stem)
        case "p": String(name.prefix)
        case "i": name.instance.map(String.init)
        case "j": String(name.prefix.split(separator: "-").last ?? name.prefix)
        default: nil
        }
    }
}
