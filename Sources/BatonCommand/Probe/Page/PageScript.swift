/// Draws the chart, as wide as the window and in its colours. `PageScript+Marks` says what is in it.
///
/// What has been drawn is also said in attributes of the canvas, for programs that look at the page.
enum PageScript {
    static let javaScript = chart + "\n" + marks

    private static let chart = """
        "use strict";
        const data = JSON.parse(document.getElementById("data").textContent);
        const canvas = document.getElementById("chart"), tip = document.getElementById("tip");
        const bytes = Uint8Array.from(atob(data.dots), c => c.charCodeAt(0));
        const dots = [];
        for (let i = 0; i < bytes.length; i += 6)
          dots.push([(bytes[i] * 256 + bytes[i + 1]) * data.tick, bytes[i + 2] * 256 + bytes[i + 3], bytes[i + 4], bytes[i + 5]]);
        const level = us => Math.log10(Math.max(1, us / data.lowestMicroseconds)) * data.decade;
        let low = Infinity, high = 0, end = data.duration;
        for (const [t, y] of dots) { low = Math.min(low, y); high = Math.max(high, y); end = Math.max(end, t); }
        for (const [t, us] of data.failures) {
          low = Math.min(low, level(us)); high = Math.max(high, level(us)); end = Math.max(end, t);
        }
        if (low > high) { low = 0; high = 3 * data.decade; }
        low = Math.floor(low / data.decade) * data.decade;
        high = Math.max(Math.ceil((high + 1) / data.decade) * data.decade, low + data.decade);

        const time = us => us < 1e6 ? +(us / 1000).toPrecision(3) + " ms" : +(us / 1e6).toPrecision(3) + " s";
        function step(span, most) {
          const raw = span / most, ten = 10 ** Math.floor(Math.log10(raw));
          return [1, 2, 5, 10].map(f => f * ten).find(s => s >= raw);
        }

        /* Which bars are in which of a few rows: the first where nobody is any more, else where the end is nearest. */
        function lay(generations) {
          const rows = [], rowOf = [];
          generations.forEach((g, i) => {
            const end = row => generations[row[row.length - 1]].last;
            let row = rows.findIndex(row => end(row) <= g.first);
            if (row < 0 && rows.length < 4) row = rows.push([]) - 1;
            if (row < 0) row = rows.reduce((best, row, j) => end(row) < end(rows[best]) ? j : best, 0);
            rows[row].push(i); rowOf.push(row);
          });
          return [rows, rowOf];
        }

        let area;
        function draw(width = canvas.clientWidth, height = canvas.clientHeight, scale = window.devicePixelRatio || 1) {
          const style = getComputedStyle(document.documentElement), ink = n => style.getPropertyValue("--" + n).trim();
          const [paper, faint, rule, grid, bad, restart, amber] = ["paper", "faint", "rule", "grid", "bad", "restart", "pause"].map(ink);
          const colours = Array.from({ length: data.colours + 1 }, (_, g) => ink("g" + g)), colour = i => colours[i % data.colours];
          canvas.width = width * scale; canvas.height = height * scale;
          const c = canvas.getContext("2d");
          c.scale(scale, scale);
          c.font = "12px system-ui, sans-serif";
          const [lanes, rowOf] = lay(data.generations), left = 72, right = 10, top = data.pauses.length ? 46 : 12, foot = 46 + lanes.length * 15;
          area = { left, top, width: width - left - right, height: height - top - foot };
          const bottom = top + area.height, edge = left + area.width;
          const x = t => left + Math.min(t, end) / end * area.width;
          const y = v => top + area.height * (1 - (v - low) / (high - low));
          const within = (words, at) => Math.min(Math.max(at, c.measureText(words).width / 2 + 2), width - c.measureText(words).width / 2 - 2);
          const line = (x0, y0, x1, y1) => { c.beginPath(); c.moveTo(x0, y0); c.lineTo(x1, y1); c.stroke(); };
          marks = [];

          /* Generations, from the first answer of one to that of the next. */
          data.generations.forEach((g, i) => {
            const next = data.generations[i + 1], stop = x(next ? next.first : end);
            c.globalAlpha = .1; c.fillStyle = colour(i); c.fillRect(x(g.first), top, stop - x(g.first), area.height);
          });
          c.globalAlpha = 1;

          /* Scales. */
          c.lineWidth = 1; c.textAlign = "right"; c.textBaseline = "middle"; c.fillStyle = faint; c.strokeStyle = grid;
          for (let v = low; v <= high; v += data.decade) {
            line(left, y(v), edge, y(v));
            c.fillText(time(data.lowestMicroseconds * 10 ** (v / data.decade)), left - 6, y(v));
          }
          c.textAlign = "center"; c.textBaseline = "top"; c.strokeStyle = rule;
          const every = step(end, area.width / 70);
          for (let i = 0; i * every <= end; i++) {
            const words = +(i * every).toPrecision(6) + " s", a = x(i * every);
            line(a, bottom, a, bottom + 4);
            c.fillText(words, within(words, a), bottom + 8);
          }
          c.fillText("time since the start of the run", left + area.width / 2, bottom + 28 + lanes.length * 15);
          c.save(); c.translate(9, top + area.height / 2); c.rotate(-Math.PI / 2);
          c.fillText("latency (logarithmic)", 0, -4); c.restore();

          /* Pauses and restart commands, behind the dots. */
          c.fillStyle = amber; c.globalAlpha = .14;
          for (const p of data.pauses) c.fillRect(x(p.start), top, Math.max(x(p.end) - x(p.start), 1), area.height);
          c.globalAlpha = .12;
          for (const r of data.restarts) {
            c.fillStyle = r.succeeded ? restart : bad;
            c.fillRect(x(r.start), top, Math.max(1, x(r.end ?? end) - x(r.start)), area.height);
          }

          /* Dots. */
          const least = dots.length < 5000 ? 2.6 : dots.length < 20000 ? 2 : 1.6;
          for (const [t, v, n, g] of dots) {
            const size = Math.min(least + n * .15, 3.2);
            c.globalAlpha = Math.min(.95, .5 + n * .06); c.fillStyle = colours[g];
            c.fillRect(x(t) - size / 2, y(v) - size / 2, size, size);
          }
          c.globalAlpha = 1;

          /* Restarts. */
          c.lineWidth = 1.5; c.setLineDash([5, 3]);
          data.restarts.forEach((r, i) => {
            const a = x(r.start), took = r.end === undefined ? "not over when the run was" : "took " + time((r.end - r.start) * 1e6);
            c.strokeStyle = r.succeeded ? restart : bad; line(a, top - 4, a, bottom);
            mark(r.start, "restart " + (i + 1) + " at " + seconds(r.start) + ": the command " + took + (r.succeeded ? "" : " and failed"),
              a - 4, Math.max(x(r.end ?? end), a + 4), top, bottom);
          });
          c.setLineDash([]);

          /* Failures. */
          c.beginPath();
          data.failures.forEach(([t, us, kind, ended], i) => {
            const a = x(t), b = y(level(us));
            c.moveTo(a - 3.5, b - 3.5); c.lineTo(a + 3.5, b + 3.5); c.moveTo(a - 3.5, b + 3.5); c.lineTo(a + 3.5, b - 3.5);
            mark(t, "failed at " + seconds(ended) + ", sent at " + seconds(t) + ", after " + time(us) + ": " + data.kinds[kind]
              + (data.details[i] ? "; " + data.details[i] : ""), a - 7, a + 7, b - 7, b + 7);
          });
          c.strokeStyle = paper; c.lineWidth = 4; c.stroke();
          c.strokeStyle = bad; c.lineWidth = 2; c.stroke();

          /* Pauses, with their lengths where there is room, the longest first. */
          c.lineWidth = 1.5; c.fillStyle = c.strokeStyle = amber; c.textBaseline = "alphabetic";
          const rows = [[], []];
          for (const p of [...data.pauses].sort((a, b) => b.end - b.start - (a.end - a.start))) {
            const a = x(p.start), b = Math.max(x(p.end), a + 2), half = c.measureText(p.words).width / 2 + 3;
            line(a, top - 1, a, top - 7); line(a, top - 7, b, top - 7); line(b, top - 7, b, top - 1);
            mark(p.start, "pause of " + p.words + " from " + seconds(p.start) + " to " + seconds(p.end), a - 4, b + 4, 0, top);
            const middle = within(p.words, (a + b) / 2);
            const row = rows.findIndex(row => row.every(([from, to]) => middle + half < from || middle - half > to));
            if (row < 0) continue;
            rows[row].push([middle - half, middle + half]);
            c.fillText(p.words, middle, top - 12 - row * 15);
          }

          /* Who answered, from the first to the last answer. */
          c.textBaseline = "middle"; c.font = "11px system-ui, sans-serif";
          data.generations.forEach((g, i) => {
            const row = lanes[rowOf[i]], next = data.generations[row[row.indexOf(i) + 1]], words = "pid " + g.pid;
            const a = x(g.first), at = bottom + 26 + rowOf[i] * 15, b = Math.max(Math.min(x(g.last), next ? x(next.first) - 1 : edge), a + 2);
            c.fillStyle = colour(i); c.fillRect(a, at, b - a, 13);
            if (c.measureText(words).width + 6 < b - a) { c.fillStyle = paper; c.fillText(words, (a + b) / 2, at + 7); }
            mark(g.first, words + ": " + g.responses + " answers, the first at " + seconds(g.first) + ", the last at " + seconds(g.last),
              a, b, at, at + 15);
          });
          marks.sort((a, b) => a.at - b.at);
          Object.assign(canvas.dataset, {
            dots: dots.length, failures: data.failures.length, restarts: data.restarts.length, pauses: data.pauses.length,
            generations: data.generations.length, lengths: rows[0].length + rows[1].length
          });
        }
        """
}
