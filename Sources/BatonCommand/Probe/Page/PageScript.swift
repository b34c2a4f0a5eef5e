/// Draws the chart, as wide as the window and in its colours, and says what is under the pointer.
enum PageScript {
    static let javaScript = """
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
        for (const g of data.generations) end = Math.max(end, g.last);
        if (low > high) { low = 0; high = 3 * data.decade; }
        low = Math.floor(low / data.decade) * data.decade;
        high = Math.max(Math.ceil((high + 1) / data.decade) * data.decade, low + data.decade);

        function time(us) {
          const short = (v, u) => +v.toPrecision(3) + " " + u;
          return us < 1000 ? short(us / 1000, "ms") : us < 1e6 ? short(us / 1000, "ms") : short(us / 1e6, "s");
        }
        function step(span, most) {
          const raw = span / most, ten = 10 ** Math.floor(Math.log10(raw));
          return [1, 2, 5, 10].map(f => f * ten).find(s => s >= raw);
        }

        let area;
        function draw() {
          const style = getComputedStyle(document.documentElement), ink = n => style.getPropertyValue("--" + n).trim();
          const width = canvas.clientWidth, height = canvas.clientHeight, scale = window.devicePixelRatio || 1;
          canvas.width = width * scale; canvas.height = height * scale;
          const c = canvas.getContext("2d");
          c.scale(scale, scale);
          c.font = "12px system-ui, sans-serif";
          const lanes = Math.min(3, data.generations.length), left = 54, right = 10, top = 44, foot = 26 + lanes * 15;
          area = { left, top, width: width - left - right, height: height - top - foot };
          const x = t => left + t / end * area.width;
          const y = v => top + area.height * (1 - (v - low) / (high - low));
          const colour = g => ink("g" + g % data.colours);

          // Generations, from the first answer of one to that of the next.
          data.generations.forEach((g, i) => {
            const next = data.generations[i + 1];
            c.globalAlpha = .09; c.fillStyle = colour(i);
            c.fillRect(x(g.first), top, x(next ? next.first : end) - x(g.first), area.height);
          });
          c.globalAlpha = 1;

          // Scales.
          c.lineWidth = 1; c.textAlign = "right"; c.textBaseline = "middle";
          for (let v = low; v <= high; v += data.decade) {
            c.strokeStyle = ink("grid"); c.beginPath(); c.moveTo(left, y(v)); c.lineTo(left + area.width, y(v)); c.stroke();
            c.fillStyle = ink("faint"); c.fillText(time(data.lowestMicroseconds * 10 ** (v / data.decade)), left - 6, y(v));
          }
          c.textAlign = "center"; c.textBaseline = "top";
          const every = step(end, area.width / 70);
          for (let t = 0; t <= end; t += every) {
            c.strokeStyle = ink("rule"); c.beginPath(); c.moveTo(x(t), top + area.height); c.lineTo(x(t), top + area.height + 4); c.stroke();
            c.fillText(+t.toPrecision(6) + " s", Math.min(x(t), width - 14), top + area.height + 8);
          }

          // Restarts, from the start of the command to its end.
          for (const r of data.restarts) {
            c.fillStyle = c.strokeStyle = r.succeeded ? ink("restart") : ink("bad");
            c.globalAlpha = .1; c.fillRect(x(r.start), top, Math.max(1, x(r.end ?? end) - x(r.start)), area.height);
            c.globalAlpha = .8; c.setLineDash([4, 3]); c.beginPath(); c.moveTo(x(r.start), top - 4); c.lineTo(x(r.start), top + area.height); c.stroke();
            c.setLineDash([]); c.globalAlpha = 1;
          }

          // Dots.
          const least = dots.length < 5000 ? 2.6 : dots.length < 20000 ? 2 : 1.6;
          for (const [t, v, n, g] of dots) {
            c.globalAlpha = Math.min(.9, .45 + n * .06); c.fillStyle = colour(g === data.colours ? 0 : g);
            if (g === data.colours) c.fillStyle = ink("g6");
            const size = Math.min(least + n * .15, 3.2);
            c.fillRect(x(t) - size / 2, y(v) - size / 2, size, size);
          }
          c.globalAlpha = 1;

          // Failures.
          c.beginPath();
          for (const [t, us] of data.failures) {
            const a = x(t), b = y(level(us));
            c.moveTo(a - 3.5, b - 3.5); c.lineTo(a + 3.5, b + 3.5); c.moveTo(a - 3.5, b + 3.5); c.lineTo(a + 3.5, b - 3.5);
          }
          c.strokeStyle = ink("paper"); c.lineWidth = 4; c.stroke();
          c.strokeStyle = ink("bad"); c.lineWidth = 2; c.stroke();

          // Pauses, with their lengths where there is room.
          c.lineWidth = 1.5; c.fillStyle = c.strokeStyle = ink("pause"); c.textBaseline = "alphabetic";
          const rows = [-Infinity, -Infinity];
          for (const p of data.pauses) {
            const a = x(p.start), b = Math.max(x(p.end), a + 2), half = c.measureText(p.words).width / 2;
            c.beginPath(); c.moveTo(a, top - 1); c.lineTo(a, top - 7); c.lineTo(b, top - 7); c.lineTo(b, top - 1); c.stroke();
            const middle = Math.min(Math.max((a + b) / 2, half + 2), width - half - 2);
            const row = rows.findIndex(last => last < middle - half - 6);
            if (row < 0) continue;
            rows[row] = middle + half;
            c.fillText(p.words, middle, top - 12 - row * 15);
          }

          // Who answered, from the first to the last answer.
          c.textBaseline = "middle"; c.font = "11px system-ui, sans-serif";
          data.generations.forEach((g, i) => {
            const a = x(g.first), b = Math.max(x(g.last), a + 2), line = top + area.height + 26 + i % lanes * 15;
            c.fillStyle = colour(i); c.fillRect(a, line, b - a, 12);
            const words = "pid " + g.pid;
            if (c.measureText(words).width + 6 < b - a) { c.fillStyle = ink("paper"); c.fillText(words, (a + b) / 2, line + 6.5); }
          });
        }

        function point(event) {
          const box = canvas.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top;
          const t = (px - area.left) / area.width * end, v = low + (1 - (py - area.top) / area.height) * (high - low);
          if (t < 0 || t > end || v < low || v > high) { tip.hidden = true; return; }
          let words = t.toFixed(3) + " s, " + time(data.lowestMicroseconds * 10 ** (v / data.decade)), nearest = 10;
          data.failures.forEach(([ft, us, kind], i) => {
            const far = Math.hypot((ft - t) / end * area.width, (level(us) - v) / (high - low) * area.height);
            if (far >= nearest) return;
            nearest = far;
            words = ft.toFixed(3) + " s, " + time(us) + ": " + data.kinds[kind] + (data.details[i] ? "; " + data.details[i] : "");
          });
          tip.textContent = words; tip.hidden = false;
          tip.style.top = py + 14 + "px";
          tip.style.left = Math.max(0, Math.min(px + 12, box.width - tip.offsetWidth)) + "px";
        }
        canvas.addEventListener("pointermove", point);
        canvas.addEventListener("pointerdown", point);
        canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
        new ResizeObserver(draw).observe(canvas);
        window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
        """
}
