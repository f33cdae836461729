extension PageStyle {
    /// What the page of a verification adds.
    static let verification = """
        :root{--l0:light-dark(#e6eef4,#24323d);--l1:light-dark(#bcd7ec,#2c4d69);--l2:light-dark(#83b1d8,#3b6f9b);
        --l3:light-dark(#e8903a,#c9742a);--l4:light-dark(#bd5212,#f0a04a);--l5:light-dark(#732a06,#ffd894);
        --edge:light-dark(#8a99a6,#64727f);--local:light-dark(#7a2f8f,#d79be8)}
        .l0{--c:var(--l0)}.l1{--c:var(--l1)}.l2{--c:var(--l2)}.l3{--c:var(--l3)}.l4{--c:var(--l4)}.l5{--c:var(--l5)}
        .lx,.ln{--c:none}.l4,.l5{--sign:var(--panel)}
        .cell{fill:var(--c);stroke:var(--edge);stroke-width:.75}
        .cell.lx{fill:url(#hatch);stroke-dasharray:2 1.5}.cell.ln{fill:var(--panel);stroke-opacity:.7}
        .hatch{stroke:var(--muted);stroke-width:2}
        .cell.marked{stroke:var(--accent);stroke-width:2.6}
        .defs{position:absolute}
        .swatch{display:inline-block;width:.8em;height:.8em;flex:none;vertical-align:-.06em;margin-right:.45em;
        background:var(--c);border:1px solid var(--edge);border-radius:2px}
        .swatch.lx{background:repeating-linear-gradient(45deg,var(--muted) 0 1.5px,transparent 1.5px 4px)}
        .verdict{display:flex;gap:1.1rem;border:1px solid var(--line);border-left:.4rem solid var(--tone);
        background:var(--soft);border-radius:.7rem;padding:1.2rem 1.4rem;margin:.6rem 0 1.6rem}
        .good{--tone:var(--good);--soft:var(--goodsoft)}.bad{--tone:var(--bad);--soft:var(--badsoft)}
        .sign{font-size:1.6rem;line-height:1.25;color:var(--tone);font-weight:700}
        .verdict h1{color:var(--tone)}
        .verdict>div{flex:1;min-width:0}
        .result{font-size:1.05rem;margin:.15rem 0 1rem}
        .causes{counter-reset:cause;display:grid;gap:.7rem;margin-top:.6rem}
        .causes li{border:1px solid var(--line);background:var(--panel);border-radius:.6rem;padding:.75rem 1rem}
        .sentence{font-size:1.05rem;font-weight:600;overflow-wrap:anywhere}
        .legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;font-size:.85rem;color:var(--muted);margin-bottom:.9rem}
        .legend li{display:flex;align-items:center}
        .key{width:1.6rem;height:.8rem;margin-right:.45rem}
        .stages{display:grid;gap:.9rem}
        .stage{display:grid;grid-template-columns:8.5rem 1fr;gap:.9rem;
        border-top:1px solid var(--line);padding-top:.9rem}
        .stage-name strong,.stage-name span{display:block}
        .stage-name .muted{font-size:.82rem}
        .blocks{display:grid;grid-template-columns:repeat(auto-fill,minmax(12.8rem,1fr));gap:.7rem}
        .card{border:1px solid var(--line);background:var(--panel);border-radius:.55rem;
        padding:.55rem .7rem .6rem;font-size:.82rem;display:flex;flex-direction:column;min-width:0}
        .card.guilty{border-color:var(--bad);box-shadow:0 0 0 1px var(--bad)}
        .card-head{display:flex;justify-content:space-between;gap:.5rem;font-weight:620}
        .card-result{margin-top:.1rem;display:flex;flex-wrap:wrap;align-items:center;gap:0 .4rem}
        .card-result .swatch{margin-right:0}.card-result .tag{margin-left:auto}
        .card .quiet{font-size:.74rem;font-weight:400;padding:0 .4rem;white-space:nowrap;align-self:start}
        .card .muted{font-size:.78rem}
        .tag{background:var(--bad);color:light-dark(#fff,#1a1206);border-radius:.3rem;padding:0 .4rem;font-size:.74rem;
        font-weight:650}
        .block{width:100%;max-width:15rem;height:auto;margin:.3rem 0 .15rem}
        .wire{fill:none;stroke:var(--edge);stroke-width:1.2}
        .plus{fill:none;stroke:var(--sign,var(--ink));stroke-width:1.5}
        .fold{grid-column:1/-1}
        .fold summary{cursor:pointer;padding:.3rem .1rem;font-size:.86rem}
        .fold[open] summary,.fold details[open]>summary{margin-bottom:.5rem}
        .growth{display:block;width:100%;min-width:46rem;height:auto;padding:.3rem .4rem 0;cursor:crosshair}
        .label{font:11.5px var(--sans);fill:var(--muted)}.label.strong{fill:var(--ink);font-weight:620}
        .grid{stroke:var(--line);stroke-width:1}.grid.section{stroke-dasharray:none;opacity:.9}
        .axis{stroke:var(--edge);stroke-width:1}
        .threshold{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:6 4}
        .total{fill:none;stroke:var(--edge);stroke-width:1.4;stroke-linejoin:round}
        .rim{fill:none;stroke:var(--edge);stroke-width:8.5;stroke-linecap:round}
        .dots{fill:none;stroke:var(--c);stroke-width:7;stroke-linecap:round}
        .dots.lx,.dots.ln{stroke:var(--panel)}
        .rim.small{stroke-width:4.5}.dots.small{stroke-width:3.5}
        .local{fill:var(--local);stroke:var(--panel);stroke-width:.8}
        .guilty-line{stroke:var(--bad);stroke-width:1.2;opacity:.65}
        .cursor{stroke:var(--accent);stroke-width:1.6;fill:none}
        html:not(.script) .cursor{display:none}
        figcaption{font-size:.88rem;color:var(--muted);margin-top:.5rem}
        #growth figcaption{display:grid;grid-template-columns:auto 1fr;gap:.2rem .8rem;align-items:center}
        #growth output{grid-column:1/-1;min-height:3em;color:var(--ink);overflow-wrap:anywhere}
        html:not(.script) #growth figcaption{display:none}
        .layer{border:1px solid var(--line);background:var(--panel);border-radius:.7rem;
        padding:1rem 1.2rem;margin-top:.9rem}
        .layer h3{display:flex;gap:.6rem;align-items:baseline}
        h3 .number{background:var(--bad);color:light-dark(#fff,#1a1206);border-radius:1rem;min-width:1.5em;
        text-align:center;padding:0 .35em;font-size:.86em}
        .reasons{margin:0 0 .9rem}
        .reasons li{font-weight:600;border-left:3px solid var(--good);padding-left:.7rem;overflow-wrap:anywhere}
        .reasons.none li{border-color:var(--edge);color:var(--muted)}
        .histograms{display:grid;grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:1rem 1.6rem;
        margin-top:1rem}
        .histogram{width:100%;max-width:34rem;height:auto}
        .bar:not(div){fill:var(--l2)}.bar.wrong{fill:var(--l4)}
        .outline{fill:none;stroke:var(--ink);stroke-width:1.4}
        .badge{display:inline-flex;align-items:center;white-space:nowrap}
        #table tbody th{min-width:17rem}#table .layer-cell{min-width:14rem}#table tr.output th .name{font-weight:700}
        #table tr.output th .name::after{content:" output";font-family:var(--sans);font-weight:400;color:var(--muted)}
        #table tr[aria-current] > *{background:light-dark(#e8f1f9,#1d3346)}
        #table thead th:nth-child(2){left:0;z-index:3}
        #table tbody th{position:sticky;left:0;background:var(--panel)}
        @media (max-width:40rem){.stage{grid-template-columns:1fr;gap:.5rem}.verdict{padding:1rem;gap:.7rem}
        .facts{grid-template-columns:1fr}#table tbody th{position:static}#table thead th:nth-child(2){left:auto}
        .histograms{grid-template-columns:1fr}}
        @media print{.growth{min-width:0}.stage{grid-template-columns:6rem 1fr}.cursor{display:none}
        #table tbody th{position:static;min-width:0}#table .layer-cell{min-width:0}
        #table :is(td,th):nth-child(8),#table :is(td,th):nth-child(10),#table :is(td,th):nth-child(13){display:none}
        .blocks{grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}}

        """
}
