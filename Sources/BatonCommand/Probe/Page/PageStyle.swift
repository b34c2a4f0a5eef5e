/// How the page looks, in light and in dark, wide and narrow, and on paper. Each colour of a text has a contrast of 4.5 or more to
/// what is behind it (WCAG 2, AA), those of the generations also to the words on their bars.
enum PageStyle {
    static let css = """
        :root {
          --paper: #fff; --ink: #1c2024; --faint: #5b6370; --rule: #b9c0c8; --grid: #e3e7eb; --card: #f5f7f9;
          --bad: #c81228; --good: #14774a; --restart: #1c2024; --pause: #7a4b00;
          --g0: #2f6fd0; --g1: #15804f; --g2: #8058cf; --g3: #946700; --g4: #0b7785; --g5: #7a6a59; --g6: #646c75;
        }
        @media screen and (prefers-color-scheme: dark) {
          :root:not(.print) {
            --paper: #14171a; --ink: #e6e9ec; --faint: #a3acb5; --rule: #4a525a; --grid: #262b30; --card: #1d2125;
            --bad: #ff6b76; --good: #55cf94; --restart: #e6e9ec; --pause: #f0b95a;
            --g0: #6ea6ff; --g1: #4fc98f; --g2: #b594ff; --g3: #e3b04a; --g4: #4cc6d3; --g5: #b9a58f; --g6: #99a1aa;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem) 3rem; max-width: 84rem;
          background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
        }
        h1 { font-size: clamp(1.2rem, 2.6vw, 1.6rem); line-height: 1.3; margin: 0 0 .25rem; }
        h1.good { color: var(--good); }
        h1.bad { color: var(--bad); }
        h2 { font-size: 1.05rem; margin: 1.75rem 0 .25rem; }
        header p { margin: 0; color: var(--faint); overflow-wrap: anywhere; }
        p.mind { margin: .75rem 0 0; padding: .4rem .75rem; border-left: 4px solid var(--pause); background: var(--card); color: var(--ink); }
        dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .6rem; margin: 1rem 0 0; }
        dl div { background: var(--card); border-radius: 6px; padding: .5rem .75rem; }
        dt, dd small { color: var(--faint); font-size: .8rem; }
        dd { margin: 0; font-size: 1.25rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
        dd small { display: block; font-weight: 400; }
        dd.bad { color: var(--bad); }
        figure { margin: 1rem 0 0; position: relative; }
        canvas { display: block; width: 100%; height: clamp(340px, 44vw, 500px); touch-action: pan-y; }
        :focus-visible { outline: 2px solid var(--g0); outline-offset: 2px; }
        figcaption { color: var(--faint); font-size: .85rem; }
        figcaption ul { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; list-style: none; margin: .5rem 0 0; padding: 0; }
        figcaption p { margin: .35rem 0 0; max-width: 60rem; }
        figcaption i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .4em; print-color-adjust: exact; }
        i.line { width: 0; border-radius: 0; height: 1em; border-left: 2px dashed var(--restart); vertical-align: -.15em; }
        i.pause { width: 1.2em; height: .5em; border-radius: 0; border: solid var(--pause); border-width: 2px 2px 0; }
        .cross { color: var(--bad); margin-right: .3em; }
        .g0 { background: var(--g0); } .g1 { background: var(--g1); } .g2 { background: var(--g2); }
        .g3 { background: var(--g3); } .g4 { background: var(--g4); } .g5 { background: var(--g5); } .g6 { background: var(--g6); }
        #tip {
          position: absolute; pointer-events: none; max-width: min(26rem, 90%); padding: .3rem .55rem; border-radius: 4px;
          background: var(--ink); color: var(--paper); font-size: .8rem; overflow-wrap: anywhere; z-index: 2;
        }
        .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 35rem), 1fr)); gap: 0 2.5rem; align-items: start; }
        .columns > div { min-width: 0; }
        .wide { overflow: auto; max-height: 60rem; margin-bottom: .75rem; }
        table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--faint); font-size: .85rem; padding-bottom: .25rem; overflow-wrap: anywhere; }
        th, td { padding: .2rem .9rem .2rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
        thead th {
          font-weight: 600; color: var(--faint); border-color: var(--rule); vertical-align: bottom; white-space: normal;
          position: sticky; top: 0; background: var(--paper);
        }
        tbody th { font-weight: 400; }
        .many { font-size: 14px; }
        .many th, .many td { padding-right: .55rem; }
        tbody.sums th, tbody.sums td { font-weight: 600; }
        tbody.sums + tbody tr:first-child > *, tbody + tbody.sums tr:first-child > * { border-top: 1px solid var(--rule); }
        th:first-child { text-align: left; }
        ul.failures { padding-left: 1.1rem; margin: .25rem 0 0; color: var(--bad); overflow-wrap: anywhere; }
        details { margin-top: 1.75rem; }
        summary { cursor: pointer; color: var(--faint); }
        pre { overflow-x: auto; background: var(--card); padding: .75rem; border-radius: 4px; font-size: .8rem; line-height: 1.4; }
        pre.words { white-space: pre-wrap; font: inherit; background: none; padding: 0; margin: .25rem 0 0; }
        @media (max-width: 600px) {
          body { font-size: 14px; }
          dl { grid-template-columns: 1fr 1fr; }
          table, .many { font-size: 12.5px; }
          th, td, .many th, .many td { padding-right: .35rem; }
          th:first-child { white-space: normal; }
          /* Many numbers side by side: their names stand. */
          .many thead th:not(:first-child) { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; padding: .3rem 0 0 .35rem; white-space: nowrap; position: static; }
          .many thead th { border-bottom: 0; }
        }
        @media print {
          body { max-width: none; padding: 0; }
          body, table, .many { font-size: 11px; }
          canvas { height: auto; }
          .wide { max-height: none; overflow: visible; }
          section, figure, dl { break-inside: avoid; }
          #tip, .screen { display: none; }
        }
        """
}
