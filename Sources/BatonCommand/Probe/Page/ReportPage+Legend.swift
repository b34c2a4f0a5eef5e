/// What the marks of the chart are.
extension ReportPage {
    func legend(_ plot: RequestPlot) -> String {
        let processes = record.processes.inOrder
        var items = processes.prefix(12).enumerated().map { index, process in
            "<i class=\"g\(index % RequestPlot.colours)\"></i>pid \(process.pid): \(NumberText.count(process.responses))"
        }
        if processes.count > items.count {
            items.append("and \(NumberText.count(processes.count - items.count, "process", "processes")) more")
        }
        let unnamed =
            words.answered - processes.reduce(0) { $0 + $1.responses }
        if unnamed > 0 {
            items.append(
                "<i class=\"g\(RequestPlot.colours)\"></i>process not named: \(NumberText.count(unnamed))"
            )
        }
        items.append("<b class=\"cross\">×</b>failed: \(NumberText.count(report.total.failed))")
        if plot.failuresLeftOut > 0 {
            items.append("\(NumberText.count(plot.failuresLeftOut, "more failure")) not drawn")
        }
        if report.restartsAsked > 0 {
            items.append("<i class=\"line\"></i>restart command begins")
            items.append("<i class=\"pause\"></i>longest pause at a restart")
        }
        return "<ul>\n" + items.map { "<li>\($0)</li>" }.joined(separator: "\n") + "\n</ul>\n"
            + "<p>Each dot is a request, or several that lie on each other: \(NumberText.count(plot.requests)) in all, "
            + "when it was sent by how long it took, in the colour of the process that answered; the bars below are these "
            + "processes, from their first to their last answer.</p>\n"
            + "<p id=\"how\" class=\"screen\">Point at it, touch it, or go from mark to mark with the arrow keys, to read "
            + "times and failures.</p>"
    }
}
